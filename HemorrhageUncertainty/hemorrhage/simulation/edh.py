"""Epidural hematoma: a lens between the inner table and the dura, which the sutures stop."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .anatomy import Anatomy
from .lesion_noise import draw_noise
from .lesion_shape import BleedPlan, Box, LesionShape, box_around, draw_side, landmark, nearest_voxel, offsets_mm, unit_gradient

PLACES = {"temporal": 0.45, "parietal": 0.3, "frontal": 0.17, "occipital": 0.08}
#: Dura adheres to sutures: no blood closer than this, in mm.
SUTURE_MARGIN_MM = 1.0


def draw_shape(rng: np.random.Generator, anatomy: Anatomy, plan: BleedPlan) -> LesionShape | None:
    """Draw a lens: thickness ``T (1 - (s / S)^2)`` over the lateral distance s from its center, in one skull plate.

    Returns None where the head has no room (no inner table away from sutures).
    """
    side = draw_side(rng, plan)
    place = plan.place or str(rng.choice(list(PLACES), p=list(PLACES.values())))
    center = _draw_center(rng, anatomy, place, side)
    if center is None:
        return None
    thickness_per_radius = float(rng.uniform(0.3, 0.75))
    radius = float(np.clip((2e3 * plan.volume_ml / (np.pi * thickness_per_radius)) ** (1 / 3), 3.0, 75.0))
    box = box_around(anatomy, center, radius * 1.35 + 4)
    depth = anatomy.depth[box]
    x = offsets_mm(anatomy, box, center)
    normals = _normals(anatomy, box)
    at = tuple(int(c) - s.start for c, s in zip(center, box, strict=True))
    normal = [float(n[at]) for n in normals]
    along = x[0] * normal[0] + x[1] * normal[1] + x[2] * normal[2]
    lateral = np.sqrt(np.clip(x[0] ** 2 + x[1] ** 2 + x[2] ** 2 - along**2, 0, None))
    wobble = 1 + float(rng.uniform(0.03, 0.14)) * draw_noise(rng, depth.shape, anatomy.spacing, max(radius * 0.7, 6))
    # 1.3: the lens may be cut by a suture; the rest of its volume then goes sideways and inward.
    window = 1 - (lateral / (1.3 * radius * np.clip(wobble, 0.6, 1.5))) ** 2
    # Dura is stripped from one plate: where the table turns away (skull base, ridges), the lens ends.
    facing = normals[0] * normal[0] + normals[1] * normal[1] + normals[2] * normal[2]
    window = window * np.clip((facing - 0.5) / 0.25, 0, 1)
    window = window * np.sqrt(np.clip(anatomy.suture_distance[box] / 9.0, 0.1, 1))  # rounded where a suture stops it
    plate = _plate(anatomy, box, center, facing > 0.5)
    allowed = plate & anatomy.intracranial[box] & (depth > 0) & (window > 0.02) & (along > -radius) & (depth < 45)
    # The table under a lens bends away from its center's tangent plane by no more than a sphere of 30 mm would.
    bend = along - depth * facing
    allowed &= (bend > -8) & (bend < lateral**2 / 60 + 7)
    allowed &= anatomy.midline[box] * side > 0
    allowed &= anatomy.supratentorial[box] == anatomy.supratentorial[tuple(center.astype(int))]
    window = np.clip(window, 0.02, None).astype(np.float32)
    return LesionShape(
        box, -depth / window, window, allowed, center, description={"place": place, "side": "left" if side > 0 else "right"}
    )


def _draw_center(rng: np.random.Generator, anatomy: Anatomy, place: str, side: int) -> NDArray[np.float64] | None:
    """Draw a point of the vault's inner table near a lobe and away from the sutures; the skull base (facing up) is left out."""
    infratentorial = place == "occipital" and rng.random() < 0.4
    target = landmark(anatomy, "cerebellum" if infratentorial else place, side)
    target = target + (rng.normal(0, 10, 3) + np.array([20.0 if place == "temporal" else 6.0, 0, side * 15])) / anatomy.spacing
    for reach in (40.0, 90.0):
        box = box_around(anatomy, target, reach)
        depth = anatomy.depth[box]
        shell = anatomy.intracranial[box] & (depth > 0) & (depth < 3) & (anatomy.suture_distance[box] > 7)
        shell &= anatomy.midline[box] * side > 12
        shell &= anatomy.supratentorial[box] != infratentorial
        normal = _normals(anatomy, box)
        shell &= (normal[0] < 0.3) & (normal[2] * side < 0.2)
        origin = np.array([s.start for s in box])
        found = nearest_voxel(shell, target - origin, anatomy.spacing)
        if found is not None:
            return found + origin
    return None


def _normals(anatomy: Anatomy, box: Box) -> list[NDArray[np.float32]]:
    """Inward normals of the inner table: the direction in which smoothed depth grows."""
    smooth = ndimage.gaussian_filter(anatomy.depth[box], [2.0 / s for s in anatomy.spacing])
    return unit_gradient(smooth, anatomy.spacing)


def _plate(anatomy: Anatomy, box: Box, center: NDArray[np.float64], facing: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Voxels that face the same way on the center's side of every suture surface: the component of the center."""
    free = (anatomy.suture_distance[box] > SUTURE_MARGIN_MM) & (anatomy.depth[box] > 0) & (anatomy.depth[box] < 45)
    free &= facing
    parts, _ = ndimage.label(free)
    own = parts[tuple(int(c) - s.start for c, s in zip(center, box, strict=True))]
    return np.asarray(parts == own) if own else free
