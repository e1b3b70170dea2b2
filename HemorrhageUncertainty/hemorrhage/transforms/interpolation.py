"""Interpolation kernels in one dimension: which grid points count, how much, and how the grid is prepared for it."""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache

import numpy as np
import torch


class Interpolation(StrEnum):
    """How values between grid points are found; each is applied along every axis that needs it.

    `LINEAR` uses 2 neighbors. `CUBIC` is cubic convolution (Keys 1981, a = -1/2) over 4. `SPLINE` is the cubic B-spline
    through the data (Unser 1993): 4 neighbors of pre-filtered data, the most exact of the three.
    """

    LINEAR = "linear"
    CUBIC = "cubic"
    SPLINE = "spline"


def neighbors(size: int, interpolation: Interpolation, device: torch.device) -> torch.Tensor:
    """Return which grid points count for a position in [i, i + 1): (size, T) int32 for i = 0 ... size - 1; T = 2 (linear) or 4.

    Beyond the border the data go on as their border value; for the spline as a mirror image, as its pre-filter assumes.
    """
    first = torch.arange(size, dtype=torch.int32, device=device).unsqueeze(1)
    if interpolation is Interpolation.LINEAR:
        index = first + torch.arange(2, dtype=torch.int32, device=device)
    else:
        index = first + torch.arange(-1, 3, dtype=torch.int32, device=device)
    if interpolation is Interpolation.SPLINE:
        index = index.abs()
        index = torch.where(index > size - 1, 2 * (size - 1) - index, index)
    return index.clamp(0, size - 1)


def weights(coordinate: torch.Tensor, size: int, interpolation: Interpolation) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the grid point before each position along one axis, and the weights of its `neighbors`.

    Parameters
    ----------
    coordinate : (n,) float64 tensor
        Positions in voxels; those outside [0, size - 1] get the nearest border value.
    size : int
        Number of grid points along the axis.
    interpolation : Interpolation

    Returns
    -------
    before : (n,) int32 tensor
    weight : (n, T) float32 tensor
        Sums to 1 over T.
    """
    position = coordinate.clamp(0, size - 1)
    before = position.floor()
    t = (position - before).float()
    if interpolation is Interpolation.LINEAR:
        weight = [1 - t, t]
    elif interpolation is Interpolation.CUBIC:
        weight = [
            t * (-0.5 + t * (1 - 0.5 * t)),
            1 + t * t * (1.5 * t - 2.5),
            t * (0.5 + t * (2 - 1.5 * t)),
            t * t * (0.5 * t - 0.5),
        ]
    else:
        u = 1 - t
        weight = [u**3 / 6, (4 + t * t * (3 * t - 6)) / 6, (4 + u * u * (3 * u - 6)) / 6, t**3 / 6]
    return before.to(torch.int32), torch.stack(weight, dim=1)


def prefilter(volume: torch.Tensor, axes: tuple[int, ...]) -> torch.Tensor:
    """Return the cubic B-spline coefficients of (..., D, H, W) along the given array axes (0 slice, 1 row, 2 column).

    The pre-filter is the inverse of a tridiagonal matrix; as a dense product it is exact up to the border and, on grids of a
    few hundred points, faster in torch than the recursion.
    """
    for axis in axes:
        inverse = torch.from_numpy(_spline_inverse(volume.shape[-3 + axis])).to(volume.device)
        if axis == 2:
            volume = volume @ inverse.T
        elif axis == 1:
            volume = inverse @ volume
        else:
            volume = (inverse @ volume.flatten(-2)).view(volume.shape)
    return volume


@lru_cache(maxsize=16)
def _spline_inverse(size: int) -> np.ndarray:
    """Map `size` values to B-spline coefficients, mirrored at both ends: (size, size) float32."""
    if size == 1:
        return np.ones((1, 1), dtype=np.float32)
    values_of = (np.eye(size, k=-1) + 4 * np.eye(size) + np.eye(size, k=1)) / 6
    values_of[0, 1] += 1 / 6
    values_of[-1, -2] += 1 / 6
    return np.linalg.inv(values_of).astype(np.float32)
