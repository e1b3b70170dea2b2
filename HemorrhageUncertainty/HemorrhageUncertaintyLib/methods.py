"""The methods of uncertainty in the reader's words: what each does, and what it costs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from hemorrhage.method import Method

#: Methods that have no more samples, however many are asked for: nothing in them is random.
_MOST_SAMPLES = {Method.DETERMINISTIC: 1, Method.SLEX: 3}


@dataclass(frozen=True)
class MethodDetails:
    """One method of the selector.

    Attributes
    ----------
    name : str
        What a request names, e.g. ``tta``.
    title : str
        A few words.
    explanation : str
        One sentence; may be empty.
    passesPerSample : float or None
        Forward passes of the network that one sample takes; None if that is not known.
    mostSamples : int or None
        The method has no more samples than these; None = as many as are asked for.
    """

    name: str
    title: str
    explanation: str = ""
    passesPerSample: float | None = None
    mostSamples: int | None = None

    def count(self, samples: int) -> int:
        """Return how many samples the method draws where so many are asked for."""
        return samples if self.mostSamples is None else min(samples, self.mostSamples)

    def passes(self, samples: int) -> int | None:
        """Return how many forward passes of the network so many samples take; None if that is not known."""
        if self.passesPerSample is None:
            return None
        return max(1, math.ceil(self.count(samples) * self.passesPerSample))


def methodDetails(name: str, told: Iterable[Mapping[str, Any]] = ()) -> MethodDetails:
    """Return what is known of a method.

    Parameters
    ----------
    name : str
    told : iterable of mappings
        What is known of a model's methods (``name``, ``title``, ``explanation``, ``passes_per_sample``), from its card or,
        better, from the engine. Missing words are taken from this version's list; a name in neither explains itself.
    """
    said = next((each for each in told if each.get("name") == name), {})
    known = Method(name) if name in list(Method) else None
    passes = said.get("passes_per_sample")
    return MethodDetails(
        name,
        str(said.get("title") or (known.full_name if known is not None else name)),
        str(said.get("explanation") or (known.explanation if known is not None else "")),
        passes if isinstance(passes, int | float) and passes > 0 else None,
        _MOST_SAMPLES.get(known) if known is not None else None,
    )
