"""What bleeds: combinations of subtypes as they occur together, with log-normal volumes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ..errors import ArgumentError
from ..hemorrhage_class import SIX_CLASSES
from .lesion_shape import BleedPlan

#: Smallest and largest volume of one hemorrhage in mL.
VOLUME_RANGE_ML = (0.05, 150.0)

#: Median (mL) and log-SD of the volume by subtype and pattern; ``""`` is the subtype's default.
_VOLUMES: dict[str, dict[str, tuple[float, float]]] = {
    "EDH": {"": (16.0, 1.1)},
    "IPH": {"": (13.0, 1.2), "deep": (13.0, 1.1), "lobar": (20.0, 1.1), "cerebellar": (9.0, 1.0), "pontine": (3.0, 0.9),
            "contusion": (3.5, 1.3)},
    "IVH": {"": (6.0, 1.3), "layering": (2.0, 1.2), "cast": (11.0, 1.0)},
    "SAH": {"": (4.0, 1.2), "focal": (2.0, 1.0), "diffuse": (16.0, 0.8), "fissure": (5.0, 0.9)},
    "SDH": {"": (28.0, 1.1), "convexity": (32.0, 1.0), "falx": (4.0, 0.9), "tentorium": (4.0, 0.9)},
}  # fmt: skip


def draw_plan(rng: np.random.Generator, classes: Sequence[str] | None = None, volume_ml: float | None = None) -> list[BleedPlan]:
    """Draw which hemorrhages a head has.

    Parameters
    ----------
    rng : Generator
    classes : sequence of str or None
        Exactly these subtypes, one of each (a repeated name gives several); None draws one of the clinical scenarios
        (about one head in ten then has none); an empty sequence gives none.
    volume_ml : float or None
        Volume of each hemorrhage, 0.05 to 150 mL; None draws it.

    Raises
    ------
    ArgumentError
        Unknown class, or a volume out of range.
    """
    if volume_ml is not None and not VOLUME_RANGE_ML[0] <= volume_ml <= VOLUME_RANGE_ML[1]:
        low, high = VOLUME_RANGE_ML
        raise ArgumentError(f"a hemorrhage of {volume_ml:g} mL cannot be simulated: give a volume from {low:g} to {high:g} mL")
    if classes is None:
        scenario = _SCENARIOS[int(rng.choice(len(_SCENARIOS), p=_CHANCES))]
        plans = scenario(rng)
    else:
        for name in classes:
            if name not in SIX_CLASSES[1:]:
                raise ArgumentError(f"unknown hemorrhage class {name!r}: choose from {', '.join(SIX_CLASSES[1:])}")
        plans = [_one(rng, name) for name in classes]
    if volume_ml is not None:
        plans = [BleedPlan(p.name, volume_ml, p.pattern, p.side, p.stage, p.place) for p in plans]
    return plans


def _one(
    rng: np.random.Generator,
    name: str,
    pattern: str = "",
    *,
    scale: float = 1.0,
    side: int = 0,
    stage: str = "",
) -> BleedPlan:
    """Draw one hemorrhage: pattern (if not given), volume and stage."""
    if not pattern:
        from . import iph, ivh, sah, sdh

        patterns = {"IPH": iph.PATTERNS, "IVH": ivh.PATTERNS, "SAH": sah.PATTERNS, "SDH": sdh.PATTERNS}.get(name)
        if patterns:
            pattern = str(rng.choice(list(patterns), p=np.array(list(patterns.values())) / sum(patterns.values())))
    median, spread = _VOLUMES[name].get(pattern, _VOLUMES[name][""])
    volume = float(np.clip(median * scale * np.exp(rng.normal(0, spread)), *VOLUME_RANGE_ML))
    if not stage:
        chances = {"SDH": (0.66, 0.16, 0.18), "IPH": (0.9, 0.1, 0), "EDH": (0.93, 0.03, 0.04)}.get(name, (1, 0, 0))
        stage = str(rng.choice(("acute", "subacute", "mixed"), p=chances))
    return BleedPlan(name, volume, pattern, side or int(rng.choice((-1, 1))), stage)


def _none(rng: np.random.Generator) -> list[BleedPlan]:
    return []


def _deep(rng: np.random.Generator) -> list[BleedPlan]:
    """Hypertensive hemorrhage of the basal ganglia or thalamus; large ones break into the ventricles more often."""
    iph = _one(rng, "IPH", "deep")
    plans = [iph]
    if rng.random() < 0.2 + 0.35 * min(iph.volume_ml / 25, 1):
        plans.append(_one(rng, "IVH", scale=float(0.5 + min(iph.volume_ml / 30, 1.5))))
    return plans


def _lobar(rng: np.random.Generator) -> list[BleedPlan]:
    iph = _one(rng, "IPH", "lobar")
    plans = [iph]
    if rng.random() < 0.22:
        plans.append(_one(rng, "SAH", "focal", side=iph.side))
    if rng.random() < 0.12:
        plans.append(_one(rng, "SDH", side=iph.side, scale=0.3, stage="acute"))
    if rng.random() < 0.18:
        plans.append(_one(rng, "IVH", scale=0.7))
    if rng.random() < 0.12:
        plans.append(_one(rng, "IPH", "lobar", scale=0.4))
    return plans


def _infratentorial(rng: np.random.Generator) -> list[BleedPlan]:
    plans = [_one(rng, "IPH", "cerebellar" if rng.random() < 0.65 else "pontine")]
    if rng.random() < 0.35:
        plans.append(_one(rng, "IVH", scale=0.6))
    return plans


def _contusions(rng: np.random.Generator) -> list[BleedPlan]:
    side = int(rng.choice((-1, 1)))
    plans = [_one(rng, "IPH", "contusion", side=side)]
    if rng.random() < 0.45:
        plans.append(_one(rng, "IPH", "contusion", side=-side if rng.random() < 0.5 else side, scale=0.6))
    if rng.random() < 0.55:
        plans.append(_one(rng, "SAH", "focal", side=side))
    if rng.random() < 0.35:
        plans.append(_one(rng, "SDH", side=side, scale=0.4, stage="acute"))
    return plans


def _epidural(rng: np.random.Generator) -> list[BleedPlan]:
    edh = _one(rng, "EDH")
    plans = [edh]
    if rng.random() < 0.22:
        plans.append(_one(rng, "IPH", "contusion", side=-edh.side, scale=0.7))  # contrecoup
    if rng.random() < 0.25:
        plans.append(_one(rng, "SAH", "focal", side=edh.side))
    if rng.random() < 0.1:
        plans.append(_one(rng, "SDH", side=-edh.side, scale=0.3, stage="acute"))
    return plans


def _subdural(rng: np.random.Generator) -> list[BleedPlan]:
    sdh = _one(rng, "SDH", "convexity" if rng.random() < 0.85 else "")
    plans = [sdh]
    if rng.random() < 0.18:
        plans.append(_one(rng, "SDH", "convexity", side=-sdh.side, scale=0.5))
    if rng.random() < 0.25:
        plans.append(_one(rng, "SDH", "falx" if rng.random() < 0.6 else "tentorium", side=sdh.side, stage="acute"))
    if sdh.stage == "acute" and rng.random() < 0.3:
        plans.append(_one(rng, "SAH", "focal"))
    return plans


def _aneurysm(rng: np.random.Generator) -> list[BleedPlan]:
    sah = _one(rng, "SAH", "diffuse")
    plans = [sah]
    if rng.random() < 0.45:
        plans.append(_one(rng, "IVH", "layering"))
    if rng.random() < 0.2:
        plans.append(_one(rng, "IPH", "lobar", side=sah.side, scale=0.5))
    return plans


def _traumatic_subarachnoid(rng: np.random.Generator) -> list[BleedPlan]:
    plans = [_one(rng, "SAH", "focal" if rng.random() < 0.75 else "fissure")]
    if rng.random() < 0.3:
        plans.append(_one(rng, "SAH", "focal"))
    if rng.random() < 0.15:
        plans.append(_one(rng, "IVH", "layering", scale=0.4))
    return plans


def _intraventricular(rng: np.random.Generator) -> list[BleedPlan]:
    return [_one(rng, "IVH")]


def _polytrauma(rng: np.random.Generator) -> list[BleedPlan]:
    side = int(rng.choice((-1, 1)))
    plans = [_one(rng, "SDH", "convexity", side=side, stage="acute", scale=0.7), _one(rng, "SAH", "focal", side=side)]
    plans += [_one(rng, "IPH", "contusion") for _ in range(int(rng.integers(1, 4)))]
    if rng.random() < 0.3:
        plans.append(_one(rng, "EDH", scale=0.5, side=-side))
    if rng.random() < 0.4:
        plans.append(_one(rng, "IVH", "layering"))
    return plans


#: Shares of the scenarios. Rare subtypes are drawn more often than they occur in a hospital, so that they can be learnt.
_SHARES: dict[Callable[[np.random.Generator], list[BleedPlan]], float] = {
    _none: 0.10,
    _deep: 0.21,
    _lobar: 0.14,
    _infratentorial: 0.06,
    _contusions: 0.11,
    _epidural: 0.09,
    _subdural: 0.13,
    _aneurysm: 0.05,
    _traumatic_subarachnoid: 0.05,
    _intraventricular: 0.02,
    _polytrauma: 0.04,
}
_SCENARIOS = tuple(_SHARES)
_CHANCES = tuple(v / sum(_SHARES.values()) for v in _SHARES.values())
