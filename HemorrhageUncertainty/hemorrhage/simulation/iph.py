"""Intraparenchymal hemorrhage: deep, lobar, cerebellar, pontine, and contusions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .anatomy import Anatomy, Tissue
from .lesion_noise import draw_noise
from .lesion_shape import BleedPlan, Box, LesionShape, box_around, draw_side, landmark, nearest_voxel, offsets_mm, voxel_ml

PATTERNS = {"deep": 0.42, "lobar": 0.36, "cerebellar": 0.08, "pontine": 0.04, "contusion": 0.10}
_PLACES: dict[str, tuple[tuple[str, float, float], ...]] = {  # landmark, probability, jitter in mm
    "deep": (("basal_ganglia", 0.62, 4.0), ("thalamus", 0.38, 4.0)),
    "lobar": (("frontal", 0.3, 10.0), ("parietal", 0.28, 10.0), ("temporal", 0.26, 9.0), ("occipital", 0.16, 8.0)),
    "cerebellar": (("cerebellum", 1.0, 8.0),),
    "pontine": (("pons", 1.0, 4.0),),
    "contusion": (("frontal", 0.5, 12.0), ("temporal", 0.42, 10.0), ("occipital", 0.08, 8.0)),
}


def compartment(anatomy: Anatomy, box: Box, pattern: str, side: int) -> NDArray[np.bool_]:
    """Voxels that a hematoma of the brain may fill: parenchyma and the sulci that it closes, not ventricles, dura or skull.

    Hematomas of the cerebrum stay above the tentorium and on their side (`side`, +1 = left).
    """
    tissue = anatomy.tissue[box]
    allowed = anatomy.intracranial[box] & ~anatomy.ventricles[box] & ~anatomy.falx[box] & ~anatomy.tentorium[box]
    allowed &= (tissue == Tissue.GREY) | (tissue == Tissue.WHITE) | (tissue == Tissue.CSF) | anatomy.brain[box]
    allowed &= anatomy.depth[box] > 2.0
    if pattern not in ("pontine", "cerebellar"):
        allowed &= anatomy.supratentorial[box] & (anatomy.midline[box] * side > -3)
    return allowed


def draw_shape(rng: np.random.Generator, anatomy: Anatomy, plan: BleedPlan) -> LesionShape | None:
    """Draw a level set: noise on an ellipsoid, with lobules and satellites; or a family of small blobs for contusions."""
    side = draw_side(rng, plan)
    pattern = plan.pattern or str(rng.choice(list(PATTERNS), p=list(PATTERNS.values())))
    places = _PLACES[pattern]
    chosen = places[int(rng.choice(len(places), p=[p[1] for p in places]))]
    if plan.place:
        chosen = (plan.place, 1.0, 8.0)
    radius = float((3e3 * plan.volume_ml / (4 * np.pi)) ** (1 / 3))
    center = _draw_center(rng, anatomy, chosen[0], side, chosen[2], pattern, radius)
    if center is None:
        return None
    reach = radius * (2.4 if pattern == "contusion" else 1.9) + (10 if pattern == "contusion" else 4)
    box = box_around(anatomy, center, reach)
    x = offsets_mm(anatomy, box, center)
    shape = np.broadcast_shapes(*(a.shape for a in x))
    if pattern == "contusion":
        score, signs = _blobs(rng, anatomy, shape, x, radius, reach), ["salt and pepper"]
    else:
        score, signs = _ellipsoid(rng, anatomy, shape, x, radius, pattern)
    allowed = compartment(anatomy, box, pattern, side)
    if allowed.sum() * voxel_ml(anatomy) < 0.02:
        return None
    description = {"pattern": pattern, "place": chosen[0], "side": "left" if side > 0 else "right", "shape_signs": signs}
    return LesionShape(box, score, 1.0, allowed, center, description=description)


def draw_edema(
    rng: np.random.Generator,
    anatomy: Anatomy,
    shape: LesionShape,
    level: NDArray[np.float32],
    stage: str,
    pattern: str,
    volume_ml: float,
) -> tuple[NDArray[np.float32], float]:
    """Return the HU to subtract on the shape's box, and the rim's width in mm.

    The rim follows white matter more than cortex, and is wider for older and larger hematomas; hyperacute ones have none.
    """
    width = float(np.clip(rng.gamma(2.2, 2.0) + 0.9 * volume_ml ** (1 / 3) * rng.random(), 0, 12))
    if stage == "subacute":
        width = min(12.0, width * 1.6 + 1)
    if rng.random() < 0.12:
        width = 0.0
    if width < 0.7:
        return np.zeros_like(level), 0.0
    drop = float(rng.uniform(8, 18))
    noise = 1 + 0.35 * draw_noise(rng, level.shape, anatomy.spacing, 8.0)
    tissue = anatomy.tissue[shape.box]
    affinity = np.where(tissue == Tissue.WHITE, 1.0, np.where(tissue == Tissue.GREY, 0.55, 0.0))
    reach = width * np.clip(noise, 0.2, 2)
    share = np.clip(1.15 + level / reach, 0, 1) * affinity * (level < 0.5)
    if pattern == "contusion":
        share = share * 0.9
    return np.asarray(drop * share, np.float32), width


def _draw_center(
    rng: np.random.Generator, anatomy: Anatomy, place: str, side: int, jitter: float, pattern: str, radius: float
) -> NDArray[np.float64] | None:
    """Draw a brain voxel near a landmark: contusions near the surface, lobar ones not touching it unless they are large."""
    target = landmark(anatomy, place, side) + rng.normal(0, jitter, 3) / anatomy.spacing
    room = anatomy.brain & (anatomy.depth > (3.0 if pattern == "contusion" else min(3 + 0.5 * radius, 14)))
    if pattern == "contusion":
        target = target + np.array([-8.0, -14.0 if place == "frontal" else 0.0, side * 6.0]) / anatomy.spacing
        room &= anatomy.depth < 12
    if pattern in ("deep", "lobar", "contusion"):
        room &= anatomy.supratentorial & (anatomy.midline * side > min(4 + 0.2 * radius, 10))
    return nearest_voxel(room, target, anatomy.spacing)


def _ellipsoid(
    rng: np.random.Generator,
    anatomy: Anatomy,
    shape: tuple[int, ...],
    x: list[NDArray[np.float32]],
    radius: float,
    pattern: str,
) -> tuple[NDArray[np.float32], list[str]]:
    """Signed level of a rotated ellipsoid with smooth noise at two scales, lobules and satellites."""
    axes = np.exp(rng.normal(0, 0.22, 3))
    if pattern == "deep":
        axes *= (1.0, 1.25, 0.85)  # hematomas of the putamen follow the external capsule, front to back
    axes /= np.prod(axes) ** (1 / 3)
    rotation, _ = np.linalg.qr(rng.normal(0, 1, (3, 3)) * 0.5 + np.eye(3))
    y = [x[0] * rotation[k, 0] + x[1] * rotation[k, 1] + x[2] * rotation[k, 2] for k in range(3)]
    score = radius - np.sqrt(sum((y[k] / axes[k]) ** 2 for k in range(3)))
    irregular = float(rng.choice((0.08, 0.18, 0.32), p=(0.3, 0.45, 0.25)))
    score = score + irregular * radius * draw_noise(rng, shape, anatomy.spacing, max(0.7 * radius, 4.0))
    score = score + 0.4 * irregular * radius * draw_noise(rng, shape, anatomy.spacing, max(0.3 * radius, 2.5))
    signs = []
    if radius > 5 and rng.random() < 0.3:
        signs.append("lobules")
        for _ in range(int(rng.integers(1, 4))):
            score = np.maximum(score, _ball(rng, x, radius * rng.uniform(0.7, 1.1), radius * rng.uniform(0.3, 0.6)))
    if radius > 5 and rng.random() < 0.22:
        signs.append("satellites")
        for _ in range(int(rng.integers(1, 5))):
            score = np.maximum(score, _ball(rng, x, radius * rng.uniform(1.2, 1.6), rng.uniform(1.5, 4.0)))
    return np.asarray(score, np.float32), signs


def _blobs(
    rng: np.random.Generator, anatomy: Anatomy, shape: tuple[int, ...], x: list[NDArray[np.float32]], radius: float, reach: float
) -> NDArray[np.float32]:
    """Several small foci with grainy noise: the salt-and-pepper look of contusions."""
    score = np.full(shape, -1e3, np.float32)
    for k in range(int(rng.integers(1, 8))):
        away = 0.0 if k == 0 else float(rng.uniform(0.3, 0.75)) * reach
        score = np.maximum(score, _ball(rng, x, away, radius * float(rng.uniform(0.35, 0.9))))
    grain = draw_noise(rng, shape, anatomy.spacing, 2.5)
    return score + float(rng.uniform(0.15, 0.5)) * min(radius, 5.0) * grain


def _ball(rng: np.random.Generator, x: list[NDArray[np.float32]], away: float, radius: float) -> NDArray[np.float32]:
    """Signed level of a ball at a random direction and the given distance from the lesion's center."""
    direction = rng.standard_normal(3)
    center = direction / np.linalg.norm(direction) * away
    squared = (x[0] - center[0]) ** 2 + (x[1] - center[1]) ** 2 + (x[2] - center[2]) ** 2
    return np.asarray(radius - np.sqrt(squared), np.float32)
