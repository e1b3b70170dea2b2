"""Subdural hematoma: a crescent along the convexity that crosses sutures, or a layer on the falx or the tentorium."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from .anatomy import Anatomy
from .lesion_noise import draw_noise
from .lesion_shape import BleedPlan, LesionShape, bounding_box, draw_side, offsets_mm

#: Typical distance in mm from the middle of the head to the inner table.
_VAULT_RADIUS_MM = 65.0
PATTERNS = {"convexity": 0.8, "falx": 0.11, "tentorium": 0.09}


def draw_shape(rng: np.random.Generator, anatomy: Anatomy, plan: BleedPlan) -> LesionShape | None:
    """Draw a layer ``distance to the dura < T w(x)``; w is a smooth window over a large arc, T gives the volume."""
    side = draw_side(rng, plan)
    pattern = plan.pattern or str(rng.choice(list(PATTERNS), p=list(PATTERNS.values())))
    shape = _convexity(rng, anatomy, plan, side) if pattern == "convexity" else _fold(rng, anatomy, plan, pattern, side)
    if shape is not None:
        shape.description |= {"pattern": pattern, "side": "left" if side > 0 else "right"}
    return shape


def _convexity(rng: np.random.Generator, anatomy: Anatomy, plan: BleedPlan, side: int) -> LesionShape:
    """Crescent: the window is an ellipse of angles seen from the middle of the head, with a slow random thickness."""
    box = bounding_box(anatomy.intracranial)
    middle = np.array([(s.start + s.stop) / 2 for s in box])
    x = offsets_mm(anatomy, box, middle)
    lateral = side * x[2]
    around = np.arctan2(x[1], np.clip(lateral, 1, None))  # 0 = lateral, negative = anterior
    upward = np.arctan2(x[0], np.sqrt(x[1] ** 2 + lateral**2) + 1e-3)
    # The larger, the thicker and the wider: about 4 mm for 10 mL, 13 mm for 100 mL, never thinner than can be seen.
    thickness = float(np.clip(4.0 * (plan.volume_ml / 10) ** 0.52 * np.exp(rng.normal(0, 0.25)), 3.0, 30))
    area = 1e3 * plan.volume_ml / (0.6 * thickness)
    aspect = float(rng.uniform(1.2, 2.3))
    half_up = float(np.clip(np.sqrt(area / (np.pi * aspect)) / _VAULT_RADIUS_MM, 0.15, 1.2))
    half_around = float(np.clip(aspect * half_up, 0.2, 1.75))
    middle_around = np.deg2rad(rng.normal(-5, 22))
    middle_up = np.deg2rad(rng.normal(20, 12))
    angle = np.sqrt(((around - middle_around) / half_around) ** 2 + ((upward - middle_up) / half_up) ** 2)
    window = np.clip(1 - angle ** rng.uniform(2.0, 5.0), 0, None)
    depth = anatomy.depth[box]
    noise = draw_noise(rng, depth.shape, anatomy.spacing, float(rng.uniform(20, 45)))
    window = window * np.clip(1 + rng.uniform(0.08, 0.35) * noise, 0.25, 2)
    allowed = anatomy.intracranial[box] & anatomy.supratentorial[box] & (depth > 0) & (depth < 40) & (window > 0.03)
    allowed &= (anatomy.midline[box] * side > 1.5) & ~anatomy.falx[box] & ~anatomy.tentorium[box]
    window = np.clip(window, 0.03, None).astype(np.float32)
    best = np.argmax(np.where(allowed, window - depth * 0.02, -1))
    center = np.array(np.unravel_index(best, window.shape)) + [s.start for s in box]
    return LesionShape(box, -depth / window, window, allowed, center.astype(np.float64))


def _fold(rng: np.random.Generator, anatomy: Anatomy, plan: BleedPlan, pattern: str, side: int) -> LesionShape | None:
    """Layer on one face of the falx or on the upper (seldom the lower) face of the tentorium."""
    mask = anatomy.falx if pattern == "falx" else anatomy.tentorium
    half = mask if pattern == "falx" else mask & (anatomy.midline * side > 0)
    if not half.any():
        return None
    box = bounding_box(half, margin=9)
    distance = ndimage.distance_transform_edt(~half[box], sampling=anatomy.spacing).astype(np.float32)
    where = np.argwhere(half[box])
    center = where[rng.integers(len(where))].astype(np.float64) + [s.start for s in box]
    x = offsets_mm(anatomy, box, center)
    thickness = float(rng.uniform(2.5, 5.5))
    reach = float(np.clip(np.sqrt(2e3 * plan.volume_ml / (np.pi * thickness)), 7, 60))
    angle = np.sqrt(x[0] ** 2 + x[1] ** 2 + (x[2] ** 2 if pattern == "tentorium" else 0)) / reach
    noise = draw_noise(rng, distance.shape, anatomy.spacing, float(rng.uniform(10, 25)))
    window = np.clip(1 - angle**2, 0, None) * np.clip(1 + rng.uniform(0.1, 0.4) * noise, 0.2, 2)
    allowed = anatomy.intracranial[box] & (distance < 14) & (window > 0.03) & ~mask[box]
    allowed &= anatomy.midline[box] * side > 0
    if pattern == "falx":
        allowed &= anatomy.supratentorial[box]
    else:
        allowed &= anatomy.supratentorial[box] == (rng.random() > 0.15)
    allowed &= ~anatomy.ventricles[box]
    window = np.clip(window, 0.03, None).astype(np.float32)
    return LesionShape(box, -distance / window, window, allowed, center)
