"""Smooth random fields and separable cubic interpolation: matrix products, so they cost milliseconds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


def bspline_weights(positions: NDArray[Any], knots: int) -> Array:
    """Weights (len(positions), knots) of the uniform cubic B-spline with its knots at 0, 1, ..., clamped at both ends."""
    positions = np.clip(np.asarray(positions, dtype=np.float64), 0.0, knots - 1.0)
    base = np.floor(positions).astype(int)
    t = positions - base
    weights = np.zeros((len(positions), knots))
    rows = np.arange(len(positions))
    pieces = ((1 - t) ** 3 / 6, (3 * t**3 - 6 * t**2 + 4) / 6, (-3 * t**3 + 3 * t**2 + 3 * t + 1) / 6, t**3 / 6)
    for offset, piece in enumerate(pieces):
        np.add.at(weights, (rows, np.clip(base + offset - 1, 0, knots - 1)), piece)
    return weights.astype(np.float32)


def interpolation_matrix(positions: NDArray[Any], count: int) -> Array:
    """Matrix (len(positions), count) that evaluates the interpolating cubic spline of `count` values at `positions` (in samples).

    Positions outside [0, count - 1] take the value at the end.
    """
    if count < 4:
        grid = np.clip(positions, 0, count - 1)
        return np.stack([np.interp(grid, np.arange(count), row) for row in np.eye(count)], axis=1).astype(np.float32)
    collocation = bspline_weights(np.arange(count), count).astype(np.float64)
    return (bspline_weights(positions, count) @ np.linalg.inv(collocation)).astype(np.float32)


def apply_separable(volume: Array, matrices: Sequence[Array | None]) -> Array:
    """Multiply every axis of `volume` (3D) by its matrix (new length, old length); None leaves an axis as it is."""
    out = volume
    if matrices[2] is not None:
        out = out @ matrices[2].T
    if matrices[1] is not None:
        out = np.matmul(matrices[1], out)
    if matrices[0] is not None:
        out = (matrices[0] @ out.reshape(out.shape[0], -1)).reshape(-1, *out.shape[1:])
    return np.ascontiguousarray(out, dtype=np.float32)


def smooth_field(
    rng: np.random.Generator, shape: Sequence[int], spacing: Sequence[float], wavelength: float | Sequence[float]
) -> Array:
    """Draw a smooth random field with mean about 0 and standard deviation about 1.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness.
    shape, spacing : sequence of int, of float
        Grid of the field; spacing in mm.
    wavelength : float or sequence of float
        Typical distance in mm between neighbouring maxima (per axis, if a sequence).

    Returns
    -------
    (D, H, W) float32
    """
    lengths = np.broadcast_to(np.asarray(wavelength, dtype=float), (3,))
    matrices = []
    for count, step, length in zip(shape, spacing, lengths, strict=True):
        knot_distance = max(length / 2.5, step)
        knots = int(np.ceil((count - 1) * step / knot_distance)) + 4
        matrices.append(bspline_weights(np.arange(count) * step / knot_distance + 1.0 + rng.uniform(0, 1), knots))
    coefficients = rng.standard_normal([m.shape[1] for m in matrices], dtype=np.float32)
    # A cubic B-spline of unit white noise has variance 0.479 per axis; bring the field back to unit variance.
    return apply_separable(coefficients, matrices) * np.float32(0.479**-1.5)
