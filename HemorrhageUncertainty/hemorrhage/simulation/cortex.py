"""Folding of the cortex: distance to the nearest pial surface, from sulci drawn on the sphere and carried inward.

Sulci are the zero lines of a band-passed random field on a surface around the brain, extended along the radius to a varying
depth; so the sheets stand perpendicular to the surface, branch, and end, as sulci do.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from .canvas import Array, Canvas
from .head_parameters import HeadParameters

_RADIUS = 62.0
_STEP = 2.6


def sulcus_distance(
    rng: np.random.Generator, canvas: Canvas, spacing_mm: float, jitter_mm: float, center_y: float = 14.0
) -> Array:
    """Distance in mm to the nearest radial sulcal sheet.

    Parameters
    ----------
    rng : numpy.random.Generator
    canvas : Canvas
    spacing_mm : float
        Mean distance between sulci.
    jitter_mm : float
        How far the sheets wave along the radius.
    center_y : float
        Where the rays meet.
    """
    knots = int(2 * (_RADIUS + 12) / _STEP) + 3
    white = rng.standard_normal((knots, knots, knots), dtype=np.float32)
    sigma = 0.30 * 2 * spacing_mm / _STEP
    band = ndimage.gaussian_filter(white, sigma, mode="wrap", truncate=3) - ndimage.gaussian_filter(
        white, sigma * 1.9, mode="wrap", truncate=2.5
    )
    slope = np.sqrt(sum(g**2 for g in np.gradient(band, _STEP)))
    # Where the field is flat a zero crossing would be a blob: divide by a slope that never vanishes.
    table = band / np.maximum(slope, 0.55 * float(slope.mean()))
    table = np.clip(table, -12, 12).astype(np.float32)
    u, v, w = canvas.x, canvas.y - np.float32(center_y), canvas.z - 6
    radius = np.sqrt(u * u + (v * np.float32(0.78)) ** 2 + w * w) + np.float32(1.0)
    wave = (_RADIUS + np.float32(jitter_mm) * canvas.field(rng, 28.0)) / radius
    middle = np.float32((knots - 1) / 2)
    coordinates = np.empty((3, radius.size), np.float32)
    for k, c in enumerate((w, v * np.float32(0.78), u)):
        coordinates[k] = (c * wave).ravel() / np.float32(_STEP) + middle
    carried = ndimage.map_coordinates(table, coordinates, order=1, mode="nearest", prefilter=False).reshape(radius.shape)
    return np.abs(carried) / np.maximum(wave, np.float32(0.6))


def folded_surface(rng: np.random.Generator, canvas: Canvas, head: HeadParameters, surface: Array) -> Array:
    """Distance to the nearest pial surface, given the depth below the unfolded one.

    Parameters
    ----------
    rng, canvas, head
        As everywhere.
    surface : (D, H, W) float32
        Depth below the unfolded surface of the brain in canonical mm (> 0 inside).

    Returns
    -------
    (D, H, W) float32
        Distance in mm to the surface or a sulcus, whichever is nearer (negative outside the brain).
    """
    sheets = sulcus_distance(rng, canvas, head.sulcus_spacing, 4.0)
    depth = np.float32(head.sulcus_depth) * (1 + 0.3 * canvas.field(rng, 24.0))
    below = np.maximum(surface - depth, 0)
    to_sheet = np.sqrt(sheets**2 + below**2)
    minor = sulcus_distance(rng, canvas, head.sulcus_spacing * 0.62, 3.0)
    minor_below = np.maximum(surface - np.float32(0.42) * depth, 0)
    to_sheet = np.minimum(to_sheet, np.sqrt(minor**2 + minor_below**2) + np.float32(0.35))
    # Sulci open towards the surface.
    opening = np.float32(head.sulcus_width) * np.clip(1.15 - surface / np.float32(1.8 * head.sulcus_depth), 0.35, 1.15)
    opening *= np.clip(1 + 0.45 * canvas.field(rng, 32.0), 0.1, 2.2)
    return np.minimum(surface, to_sheet - opening)
