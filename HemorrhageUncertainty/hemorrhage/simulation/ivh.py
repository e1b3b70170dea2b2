"""Intraventricular hemorrhage: layering in the dependent horns, or a cast of part of the ventricles."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .anatomy import Anatomy
from .lesion_noise import draw_noise
from .lesion_shape import BleedPlan, LesionShape, bounding_box, draw_side, offsets_mm

PATTERNS = {"layering": 0.5, "cast": 0.3, "mixed": 0.2}


def draw_shape(
    rng: np.random.Generator, anatomy: Anatomy, plan: BleedPlan, source: NDArray[np.float64] | None = None
) -> LesionShape | None:
    """Draw the blood's place in the ventricles.

    Parameters
    ----------
    rng, anatomy, plan
        As for every subtype.
    source : (3,) float64 or None
        Index position of a hematoma that broke into the ventricles: a cast starts there.

    Notes
    -----
    Axis 1 grows to posterior, and the patient lies on the back: blood settles below a plane of constant (slightly tilted)
    row. A cast is the part of the ventricles nearest to its seed. ``mixed`` is the union of both.
    """
    ventricles = anatomy.ventricles
    if not ventricles.any():
        return None
    pattern = plan.pattern or str(rng.choice(list(PATTERNS), p=list(PATTERNS.values())))
    box = bounding_box(ventricles)
    inside = ventricles[box]
    index = np.argwhere(inside)
    side = draw_side(rng, plan)
    if source is not None:
        away = ((index + [s.start for s in box] - source) * anatomy.spacing).astype(np.float32)
        seed = index[np.argmin((away**2).sum(1))]
    else:
        own = index[anatomy.midline[box][tuple(index.T)] * side > -2]
        seed = own[rng.integers(len(own))] if len(own) else index[rng.integers(len(index))]
    center = seed.astype(np.float64) + [s.start for s in box]
    x = offsets_mm(anatomy, box, center)
    distance = np.sqrt(x[0] ** 2 + x[1] ** 2 + x[2] ** 2)
    tilt = rng.normal(0, 0.03, 2)
    bottom = index[:, 1].max()
    height = (bottom - np.arange(inside.shape[1], dtype=np.float32)[None, :, None]) * anatomy.spacing[1]
    height = height + tilt[0] * x[0] + tilt[1] * x[2]
    if rng.random() < 0.6:  # each lateral ventricle has its own level
        height = height + float(rng.normal(0, 5)) * np.tanh(anatomy.midline[box] / 3)
    allowed = inside.copy()
    noise = draw_noise(rng, inside.shape, anatomy.spacing, 7.0)
    if pattern == "layering":
        score = -height + 0.15 * noise
        if rng.random() < 0.35:
            allowed &= anatomy.midline[box] * side > 0
    elif pattern == "cast":
        score = -distance + 3.0 * noise
    else:
        score = np.maximum(-height, -distance * float(rng.uniform(0.5, 1.2))) + 0.8 * noise
    if not allowed.any():
        allowed = inside
    description = {"pattern": pattern, "ruptured": source is not None, "tilt": [float(t) for t in tilt]}
    score = np.asarray(np.broadcast_to(score, inside.shape), np.float32)
    return LesionShape(box, score, 1.0, allowed, center, description=description)
