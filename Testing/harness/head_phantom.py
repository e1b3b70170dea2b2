"""A head of ellipsoids: scalp, skull, brain, and a calcification on the right that tells left from right."""

from __future__ import annotations

import numpy as np

#: Semi-axes of the brain along R, A, S in mm.
BRAIN_MM = np.array([58.0, 70.0, 56.0])


def head_at(points: np.ndarray) -> np.ndarray:
    """HU at points (..., 3) in R, A, S mm; the head's center is the origin. Brain rises linearly by 0.1 HU per mm along S."""
    radius = np.linalg.norm(points / BRAIN_MM, axis=-1)
    hu = np.full(radius.shape, -1000.0)
    hu[radius < 1.24] = 20.0
    hu[radius < 1.16] = 1000.0
    inside = radius < 1.0
    hu[inside] = (35.0 + 0.1 * points[..., 2])[inside]
    hu[np.linalg.norm(points - np.array([30.0, 10.0, 0.0]), axis=-1) < 9.0] = 150.0
    return hu


def grid_points(shape: tuple[int, int, int], affine: np.ndarray) -> np.ndarray:
    """R, A, S of every voxel of a (slice, row, column) grid: (D, H, W, 3)."""
    index = np.stack(np.meshgrid(*(np.arange(n) for n in shape), indexing="ij"), axis=-1)
    return index @ affine[:3, :3].T + affine[:3, 3]


def centered(matrix: np.ndarray, shape: tuple[int, int, int]) -> np.ndarray:
    """4x4 affine with the given 3x3 matrix and the volume's center at the origin."""
    affine = np.eye(4)
    affine[:3, :3] = matrix
    affine[:3, 3] = -matrix @ ((np.array(shape) - 1) / 2)
    return affine


def tiny_head(shape: tuple[int, int, int] = (16, 20, 22)) -> np.ndarray:
    """A head that fills its grid whatever the spacing is (needs about 3.5 mm and more); whole HU, asymmetric."""
    u = np.stack(np.meshgrid(*(np.linspace(-1, 1, n) for n in shape), indexing="ij"), axis=-1)
    radius = np.linalg.norm(u, axis=-1)
    hu = np.where(radius < 0.95, 1000.0, -1000.0)
    hu[radius < 0.7] = 35.0
    hu[tuple(n // 2 for n in shape)] = 60.0
    hu[shape[0] // 2 + 2, shape[1] // 2 + 1, shape[2] // 2 + 3] = 90.0
    return hu.astype(np.float32)
