"""Intraventricular hemorrhage: layering in the dependent horns, or a cast of part of the ventricles."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .anatomy import Anatomy, Tissue
from .lesion_noise import draw_noise
from .lesion_shape import BleedPlan, LesionShape, bounding_box, draw_side, offsets_mm

PATTERNS = {"layering": 0.5, "cast": 0.3, "mixed": 0.2}


#: Ventricles are distended until blood fills at most this share of them.
_LARGEST_SHARE = 0.85
_REACH_MM = 10.0


def distend(rng: np.random.Generator, anatomy: Anatomy, volume_ml: float) -> float:
    """Widen the ventricles in place until they hold `volume_ml` of blood and some fluid; return the widening in mm.

    Large casts stretch the ventricles; without it most heads have no room for them. At most `_REACH_MM`.
    """
    ventricles = anatomy.ventricles
    unit = float(np.prod(anatomy.spacing)) / 1000
    missing = int((volume_ml / (_LARGEST_SHARE * float(rng.uniform(0.7, 1.0)))) / unit) - int(ventricles.sum())
    if missing <= 0 or not ventricles.any():
        return 0.0
    box = bounding_box(ventricles, int(_REACH_MM / min(anatomy.spacing)) + 1)
    distance = ndimage.distance_transform_edt(~ventricles[box], sampling=anatomy.spacing).astype(np.float32)
    lateral = 1 + 0.6 * np.exp(-((anatomy.midline[box] / 5) ** 2))  # horns give way more than the third ventricle
    distance *= lateral * (1 + 0.12 * draw_noise(rng, distance.shape, anatomy.spacing, 12.0))
    room = anatomy.brain[box] & anatomy.supratentorial[box] & (distance > 0) & (distance < _REACH_MM)
    values = distance[room]
    if not values.size:
        return 0.0
    count = min(missing, values.size)
    widening = float(np.partition(values, count - 1)[count - 1])
    grown = room & (distance <= widening)
    anatomy.hu[box][grown] = float(np.median(anatomy.hu[ventricles]))
    anatomy.tissue[box][grown] = Tissue.VENTRICLE
    anatomy.ventricles[box] |= grown
    anatomy.brain[box] &= ~grown
    return widening


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
