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


def taps(coordinate: torch.Tensor, size: int, interpolation: Interpolation) -> tuple[torch.Tensor, torch.Tensor]:
    """Return neighbors and weights of positions along one axis.

    Parameters
    ----------
    coordinate : (n,) float64 tensor
        Positions in voxels; those outside [0, size - 1] get the nearest border value.
    size : int
        Number of grid points along the axis.
    interpolation : Interpolation

    Returns
    -------
    index : (n, T) int32 tensor
        Grid points in [0, size - 1]; T = 2 (linear) or 4.
    weight : (n, T) float32 tensor
        Sums to 1 over T.
    """
    position = coordinate.clamp(0, size - 1)
    base = position.floor()
    t = (position - base).unsqueeze(-1).float()
    first = base.to(torch.int32).unsqueeze(-1)
    if interpolation is Interpolation.LINEAR:
        index = first + torch.arange(2, dtype=torch.int32, device=first.device)
        return index.clamp(max=size - 1), torch.cat([1 - t, t], dim=-1)
    index = first + torch.arange(-1, 3, dtype=torch.int32, device=first.device)
    if interpolation is Interpolation.CUBIC:
        weight = [
            t * (-0.5 + t * (1 - 0.5 * t)),
            1 + t * t * (1.5 * t - 2.5),
            t * (0.5 + t * (2 - 1.5 * t)),
            t * t * (0.5 * t - 0.5),
        ]
        return index.clamp(0, size - 1), torch.cat(weight, dim=-1)
    u = 1 - t
    weight = [u**3 / 6, (4 + t * t * (3 * t - 6)) / 6, (4 + u * u * (3 * u - 6)) / 6, t**3 / 6]
    index = index.abs()  # the spline continues as a mirror image beyond the border, as its pre-filter assumes
    index = torch.where(index > size - 1, 2 * (size - 1) - index, index).clamp(0, size - 1)
    return index, torch.cat(weight, dim=-1)


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
