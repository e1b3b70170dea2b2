"""Lateral ventricles with their horns, third ventricle, aqueduct and fourth ventricle, as one signed distance."""

from __future__ import annotations

import numpy as np

from .canvas import Array, Canvas, smooth_union
from .head_parameters import HeadParameters

#: Course of one lateral ventricle: (x, y, z) in canonical mm and half-width of its cross-section, from tip to tip.
_BODY = (
    ((13.5, -33, 2), 3.2), ((12.5, -26, 8), 5.6), ((10.5, -12, 14), 6.0), ((9.5, 2, 20), 5.2),
    ((13, 20, 22), 5.2), ((20, 33, 19), 5.8), ((25, 42, 12), 7.0),
)  # fmt: skip
_OCCIPITAL = (((25, 42, 12), 6.5), ((24, 58, 7), 4.2), ((21, 72, 5), 2.0))
_TEMPORAL = (((26, 40, 8), 6.0), ((32, 30, -5), 3.2), ((33, 14, -15), 2.6), ((30, 0, -20), 2.6))


def ventricle_distance(rng: np.random.Generator, canvas: Canvas, head: HeadParameters) -> Array:
    """Signed distance (negative inside) to the ventricles; +20 far away. Sides differ, horns vary in length and width."""
    out = np.full(canvas.hu.shape, 20, np.float32)
    grow = head.ventricle_growth
    for side in (-1, 1):
        bias = rng.normal(0, 0.5)
        for course, share in ((_BODY, 1.0), (_OCCIPITAL, rng.uniform(0.2, 1.0)), (_TEMPORAL, rng.uniform(0.25, 0.8))):
            length = 1.0 if course is not _OCCIPITAL else rng.uniform(0.4, 1.0)
            points = [np.array(p, dtype=float) for p, _ in course]
            points = [points[0] + (p - points[0]) * length for p in points]
            widths = [max(w + share * (grow + bias), 0.45) for _, w in course]
            for (p, r), (q, s) in zip(zip(points, widths, strict=True), list(zip(points, widths, strict=True))[1:], strict=False):
                a, b = p * (side, 1, 1), q * (side, 1, 1)
                # Wide ventricles keep clear of the midline (septum): they grow outward.
                a[0] += side * max(0.0, r - 6.0) * 0.75
                b[0] += side * max(0.0, s - 6.0) * 0.75
                box = canvas.capsule_box(a, b, max(r, s) * 1.5 + 3)
                d = _tapered(canvas, box, a, b, r, s, flat=0.72 if course is _BODY else 0.85)
                out[box] = smooth_union(out[box], d, 3.0)
    septum = np.float32(rng.uniform(0.4, 1.6) if rng.random() < 0.93 else -9)
    lateral = np.maximum(out, np.where(canvas.z > -6, septum - np.abs(canvas.x), np.float32(-9)))
    half = float(np.clip(1.3 + 0.55 * grow, 0.5, 6.5))
    third_box = canvas.box((0, 10, -3), (half + 2, 18, 14))
    third = canvas.ellipsoid((0, 10, -3), (half, 15, 10), third_box)
    lateral[third_box] = np.minimum(lateral[third_box], third)
    top, bottom = (0, 26, -6), (0, 42, -24)
    box = canvas.capsule_box(top, bottom, 2)
    lateral[box] = np.minimum(lateral[box], canvas.capsule(top, bottom, max(0.5, 0.8 + 0.1 * grow), box))
    w = float(np.clip(1 + 0.09 * grow, 0.6, 1.6)) * rng.uniform(0.85, 1.2)
    box = canvas.box((0, 43, -33), (16 * w, 10 * w, 15))
    roof = canvas.ellipsoid((0, 43.5, -33), (8.5 * w, 5.2 * w, 12), box)
    roof = smooth_union(roof, canvas.ellipsoid((0, 41, -34), (14 * w, 2.4 * w, 4.5), box), 2.0)
    lateral[box] = np.minimum(lateral[box], roof)
    return lateral + np.where(lateral < 8, np.float32(0.5), np.float32(0)) * canvas.field(rng, 14.0)


def _tapered(canvas: Canvas, box: tuple[slice, slice, slice], a: Array, b: Array, r: float, s: float, flat: float) -> Array:
    """Signed distance to a capsule whose radius runs from r to s, flattened sideways by `flat`."""
    start, d = a.astype(np.float32), (b - a).astype(np.float32)
    u, v, w = canvas.x[box] - start[0], canvas.y[box] - start[1], canvas.z[box] - start[2]
    t = np.clip((u * d[0] + v * d[1] + w * d[2]) / np.float32(max(float(d @ d), 1e-3)), 0, 1)
    off = np.sqrt(((u - t * d[0]) / np.float32(flat)) ** 2 + (v - t * d[1]) ** 2 + (w - t * d[2]) ** 2)
    return (off - (np.float32(r) + t * np.float32(s - r))) * np.float32(flat)
