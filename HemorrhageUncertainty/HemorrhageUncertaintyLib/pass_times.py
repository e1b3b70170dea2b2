"""How long the network took on this computer, to say in advance how long a segmentation will take."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import prod
from typing import Any

import slicer
from slicer.i18n import tr as _

from .methods import methodDetails

#: Name of the application setting that keeps them.
SETTING = "HemorrhageUncertainty/passTimes"
#: So many are remembered, the latest first: a few models on a few kinds of CT.
_MOST = 40
#: A time counts for CTs with up to so many times more or fewer voxels.
_SIMILAR_SIZE = 3.0


@dataclass(frozen=True)
class PassTime:
    """What one run took.

    Attributes
    ----------
    model, method, device : str
        As the result names them.
    voxels : int
        Of the CT.
    seconds : float
        For one forward pass of the network with all that belongs to a sample, in s.
    """

    model: str
    method: str
    device: str
    voxels: int
    seconds: float


def rememberPassTime(summary: Mapping[str, Any]) -> None:
    """Remember what a run took, from its parsed ``result.json``; does nothing where that does not say."""
    provenance = summary.get("provenance") or {}
    seconds = (provenance.get("seconds") or {}).get("sampling")
    model, method = (provenance.get("model") or {}).get("name"), provenance.get("method")
    passes = methodDetails(str(method)).passes(int(provenance.get("samples") or 0))
    if not seconds or not model or not method or not passes:
        return
    voxels = prod(summary["input"]["shape"])
    latest = PassTime(str(model), str(method), str(provenance.get("device") or ""), voxels, float(seconds) / passes)
    kept = [each for each in _remembered() if _kind(each) != _kind(latest)]
    slicer.app.userSettings().setValue(SETTING, json.dumps([asdict(each) for each in (latest, *kept)][:_MOST]))


def expectedSeconds(model: str, method: str, device: str, passes: int, voxels: int) -> float | None:
    """Return how long so many passes will take, in s; None where nothing like it was run before.

    The time of the same model and method on the CT of most similar size counts, else that of the model's other methods; it grows
    with the number of voxels.

    Parameters
    ----------
    model, method : str
    device : str
        ``auto``: any; ``cuda`` also stands for ``cuda:0``.
    passes, voxels : int
    """
    similar = [
        each
        for each in _remembered()
        if each.model == model
        and (device == "auto" or each.device.startswith(device))
        and max(each.voxels / voxels, voxels / each.voxels) <= _SIMILAR_SIZE
    ]
    if not similar:
        return None
    best = min(similar, key=lambda each: (each.method != method, max(each.voxels / voxels, voxels / each.voxels)))
    return passes * best.seconds * voxels / best.voxels


def durationLabel(seconds: float) -> str:
    """Return a duration in words, rounded as much as an estimate deserves."""
    if seconds < 10:
        return _("a few seconds")
    if seconds < 90:
        return _("about {seconds} s").format(seconds=10 * round(seconds / 10))
    return _("about {minutes} min").format(minutes=round(seconds / 60))


def _kind(time: PassTime) -> tuple[str, str, str, int]:
    return time.model, time.method, time.device, time.voxels


def _remembered() -> list[PassTime]:
    try:
        return [PassTime(**each) for each in json.loads(slicer.app.userSettings().value(SETTING) or "[]")]
    except (TypeError, ValueError):  # written by another version
        return []
