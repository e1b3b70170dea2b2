"""How long segmentations took on this computer, to say in advance how long a segmentation will take."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from math import prod
from typing import Any

import slicer
from slicer.i18n import tr as _

from .methods import MethodDetails

#: Name of the application setting that keeps them.
SETTING = "HemorrhageUncertainty/runTimes"
#: So many are remembered, the latest first: a few models on a few kinds of CT.
_MOST = 40
#: A time counts for CTs with up to so many times more or fewer voxels.
_SIMILAR_SIZE = 3.0


@dataclass(frozen=True)
class RunTime:
    """What one run took.

    Attributes
    ----------
    model, method, device : str
        As the result names them.
    voxels : int
        Of the CT.
    samples : int
        That were drawn.
    seconds : float
        For drawing them, in s.
    """

    model: str
    method: str
    device: str
    voxels: int
    samples: int
    seconds: float

    def secondsFor(self, wanted: MethodDetails, own: MethodDetails, samples: int) -> float | None:
        """Return what so many samples by a method would have taken on that CT; None if that cannot be told from this run.

        Parameters
        ----------
        wanted, own : MethodDetails
            The method that is asked for, and that of this run.
        samples : int
        """
        if wanted.name == self.method:
            return self.seconds * wanted.count(samples) / self.samples
        passes, ownPasses = wanted.passes(samples), own.passes(self.samples)
        return self.seconds * passes / ownPasses if passes and ownPasses else None


def rememberRunTime(summary: Mapping[str, Any]) -> None:
    """Remember what a run took, from its parsed ``result.json``; does nothing where that does not say."""
    provenance = summary.get("provenance") or {}
    seconds = (provenance.get("seconds") or {}).get("sampling")
    model, method = (provenance.get("model") or {}).get("name"), provenance.get("method")
    samples = int(provenance.get("samples") or 0)
    if not seconds or not model or not method or not samples:
        return
    voxels = prod(summary["input"]["shape"])
    latest = RunTime(str(model), str(method), str(provenance.get("device") or ""), voxels, samples, float(seconds))
    kept = [each for each in _remembered() if _kind(each) != _kind(latest)]
    slicer.app.userSettings().setValue(SETTING, json.dumps([asdict(each) for each in (latest, *kept)][:_MOST]))


def expectedSeconds(
    model: str, method: str, details: Callable[[str], MethodDetails], device: str, samples: int, voxels: int
) -> float | None:
    """Return how long drawing so many samples will take, in s; None where nothing like it was run before.

    The time of the same method on the CT of most similar size counts, else that of the model's other methods by the passes of the
    network that each takes. It grows with the number of voxels.

    Parameters
    ----------
    model, method : str
    details : callable
        Gives the details of the model's methods by their names.
    device : str
        ``auto``: any; ``cuda`` also stands for ``cuda:0``.
    samples, voxels : int
    """

    def unlikeness(run: RunTime) -> tuple[bool, float]:
        return run.method != method, max(run.voxels / voxels, voxels / run.voxels)

    for run in sorted(_remembered(), key=unlikeness):
        if run.model != model or not (device == "auto" or run.device.startswith(device)) or unlikeness(run)[1] > _SIMILAR_SIZE:
            continue
        seconds = run.secondsFor(details(method), details(run.method), samples)
        if seconds is not None:
            return seconds * voxels / run.voxels
    return None


def durationLabel(seconds: float) -> str:
    """Return a duration in words, rounded as much as an estimate deserves."""
    if seconds < 10:
        return _("a few seconds")
    if seconds < 90:
        return _("about {seconds} s").format(seconds=10 * round(seconds / 10))
    return _("about {minutes} min").format(minutes=round(seconds / 60))


def _kind(run: RunTime) -> tuple[str, str, str, int]:
    return run.model, run.method, run.device, run.voxels


def _remembered() -> list[RunTime]:
    try:
        return [RunTime(**each) for each in json.loads(slicer.app.userSettings().value(SETTING) or "[]")]
    except (TypeError, ValueError):  # written by another version
        return []
