"""The methods of uncertainty in the reader's words: what each does, and what it costs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from slicer.i18n import tr as _


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

    def passes(self, samples: int) -> int | None:
        """Return how many forward passes of the network so many samples take; None if that is not known."""
        if self.passesPerSample is None:
            return None
        count = samples if self.mostSamples is None else min(samples, self.mostSamples)
        return max(1, math.ceil(count * self.passesPerSample - 1e-6))


def methodDetails(name: str, told: Iterable[Mapping[str, Any]] = ()) -> MethodDetails:
    """Return what is known of a method.

    Parameters
    ----------
    name : str
    told : iterable of mappings
        What the engine says of a model's methods (``name``, ``title``, ``explanation``, ``passes_per_sample``). Its costs count,
        since they can be those of the model; its words only for methods that are not known here, in the user's language.
    """
    known = _known().get(name)
    said = next((each for each in told if each.get("name") == name), None)
    if said is None:
        return known or MethodDetails(name, name)
    passes = said.get("passes_per_sample")
    if not isinstance(passes, int | float) or not passes > 0:
        passes = known.passesPerSample if known is not None else None
    if known is not None:
        return MethodDetails(name, known.title, known.explanation, passes, known.mostSamples)
    return MethodDetails(name, str(said.get("title") or name), str(said.get("explanation") or ""), passes)


def _known() -> dict[str, MethodDetails]:
    methods = (
        MethodDetails(
            "tta",
            _("Random transforms"),
            _("Each sample sees the CT rotated, flipped and scaled at random: samples differ where the network is unsure."),
            1,
        ),
        MethodDetails(
            "deterministic",
            _("Single prediction"),
            _("The network sees the CT once, as it is: fastest; no intervals, and its entropy is all there is of uncertainty."),
            1,
            1,
        ),
        MethodDetails(
            "slex",
            _("Slice expansion"),
            _("Each slice is predicted from itself, from the one above and from the one below: three samples from one pass."),
            1 / 3,
            3,
        ),
        MethodDetails(
            "slex-tta",
            _("Slice expansion and random transforms"),
            _("Slice expansion on randomly transformed CTs; tells what either contributes to the uncertainty."),
            1,
        ),
        MethodDetails(
            "dropout",
            _("Dropout"),
            _("Each sample switches off other parts of the network at random."),
            1,
        ),
        MethodDetails(
            "mcbn",
            _("Batch normalization"),
            _("Each sample normalizes the network by other cases of its training."),
            1,
        ),
        MethodDetails(
            "ensemble",
            _("Ensemble"),
            _("Each sample comes from another network that was trained for the same task."),
            1,
        ),
    )
    return {method.name: method for method in methods}
