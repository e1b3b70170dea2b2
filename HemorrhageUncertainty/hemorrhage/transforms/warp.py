"""Apply a spatial transform to a volume by one interpolation. Deterministic; no random numbers here."""

from __future__ import annotations

import math
from collections.abc import Iterator
from enum import StrEnum

import numpy as np
import torch
from torch.nn.functional import embedding_bag

from ..errors import ArgumentError
from ..head_ct import Spacing
from .interpolation import Interpolation, neighbors, prefilter, weights
from .spatial_transform import SpatialTransform

#: Weights computed at once; bounds the working memory to about 8 bytes each.
_WEIGHTS_AT_ONCE = 1 << 21
#: A position this much (in voxels) beyond the outer face of the border voxel still counts as inside: rounding, not distance.
_TOLERANCE = 1e-6


class Padding(StrEnum):
    """What a voxel gets that comes from outside the field of view: the nearest border value, or zero."""

    BORDER = "border"
    ZERO = "zero"


def warp(
    volume: torch.Tensor,
    transform: SpatialTransform,
    spacing: Spacing,
    interpolation: Interpolation = Interpolation.SPLINE,
    padding: Padding = Padding.BORDER,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Move a volume by a transform about its center: ``warped(y) = volume(T^-1 y)``.

    Axes that the transform only keeps or reverses are never interpolated, so a flip is exact and an in-plane transform is a
    two-dimensional interpolation that is shared by all slices and channels.

    Parameters
    ----------
    volume : (B, C, D, H, W) float tensor
    transform : SpatialTransform
        The same for the whole batch.
    spacing : tuple of float
        Distance between voxels in mm along slice, row and column.
    interpolation : Interpolation
    padding : Padding

    Returns
    -------
    warped : (B, C, D, H, W) float32 tensor
    valid : (B, 1, D, H, W) bool tensor
        Voxels that come from inside the field of view (up to the outer face of its border voxels).
    """
    _check(volume, spacing)
    interpolation, padding = Interpolation(interpolation), Padding(padding)
    signs = transform.exact_signs
    volume = volume.float()
    reversed_axes = [2 + axis for axis, sign in enumerate(signs) if sign == -1]
    if reversed_axes:
        volume = volume.flip(reversed_axes)
    axes = tuple(axis for axis, sign in enumerate(signs) if sign is None)
    if not axes:
        everywhere = torch.ones((), dtype=torch.bool, device=volume.device)
        return volume, everywhere.expand(volume.shape[0], 1, *volume.shape[2:])
    if interpolation is Interpolation.SPLINE:
        volume = prefilter(volume, axes)
    # To index space of the axes that are interpolated: where does each voxel of the result come from?
    step = np.asarray(spacing)[list(axes)]
    source_of = np.linalg.inv(transform.matrix[np.ix_(axes, axes)]) * step / step[:, None]
    warped, inside = _gather(volume, axes, source_of, interpolation)
    valid = inside.expand(volume.shape[0], 1, *volume.shape[2:])
    if padding is Padding.ZERO:
        warped = warped * valid
    return warped, valid


def warp_probabilities(
    probabilities: torch.Tensor,
    transform: SpatialTransform,
    spacing: Spacing,
    interpolation: Interpolation = Interpolation.SPLINE,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Move class probabilities (B, C, D, H, W) and keep them probabilities: in [0, 1], summing to 1 over C >= 2.

    Kernels with negative weights overshoot at sharp edges. The foreground classes are interpolated and cut at 0, the
    background (class 0) is what is left to 1, and where the foreground alone exceeds 1 it is divided by its sum.
    A transform that only flips leaves every number as it is. Returns what `warp` returns.
    """
    _check(probabilities, spacing)
    if probabilities.shape[1] < 2:
        raise ArgumentError("class probabilities need at least two classes, background first")
    if transform.is_flip_only:
        return warp(probabilities, transform, spacing, interpolation)
    foreground, valid = warp(probabilities[:, 1:], transform, spacing, interpolation)
    foreground.clamp_(min=0)
    total = foreground.sum(1, keepdim=True)
    foreground /= total.clamp(min=1)
    return torch.cat([(1 - total).clamp_(min=0), foreground], dim=1), valid


def _gather(
    volume: torch.Tensor, axes: tuple[int, ...], source_of: np.ndarray, interpolation: Interpolation
) -> tuple[torch.Tensor, torch.Tensor]:
    """Interpolate along `axes`; `source_of` maps displacements from the center, in voxels. Everything else is carried along.

    With the interpolated axes in front and everything else in rows, each voxel of the result is a weighted sum of a few rows,
    which is exactly torch's fused ``embedding_bag``. Where all three axes are interpolated rows are short and their addresses
    are the cost: there a row holds all neighbors along the last axis, and a voxel needs a quarter of the addresses.
    """
    others = tuple(axis for axis in range(3) if axis not in axes)
    order = [*(2 + axis for axis in axes), 0, 1, *(2 + axis for axis in others)]
    in_front = volume.permute(order)
    sizes = tuple(in_front.shape[: len(axes)])
    near = [neighbors(size, interpolation, volume.device) for size in sizes]
    channels = math.prod(in_front.shape[len(axes) :])
    windowed = len(axes) == 3
    if windowed:
        rows = in_front.reshape(*sizes, channels).index_select(2, near[-1].flatten()).view(math.prod(sizes), -1)
    else:
        rows = in_front.reshape(math.prod(sizes), channels)
    result = torch.empty((math.prod(sizes), channels), dtype=volume.dtype, device=volume.device)
    inside = torch.empty(len(rows), dtype=torch.bool, device=volume.device)
    for part, coordinates in _source_coordinates(sizes, source_of, interpolation, volume.device):
        per_axis = [weights(coordinate, size, interpolation) for coordinate, size in zip(coordinates, sizes, strict=True)]
        index = torch.zeros((1, 1), dtype=torch.int32, device=volume.device)
        weight = torch.ones((1, 1), device=volume.device)
        for axis, (before, factor) in enumerate(per_axis):
            if windowed and axis == 2:
                index = index * sizes[axis] + before.unsqueeze(1)
            else:
                index = ((index * sizes[axis]).unsqueeze(2) + near[axis][before.long()].unsqueeze(1)).flatten(1)
                weight = (weight.unsqueeze(2) * factor.unsqueeze(1)).flatten(1)
        found = embedding_bag(index, rows, mode="sum", per_sample_weights=weight)
        if windowed:
            found = (found.view(len(index), -1, channels) * per_axis[-1][1].unsqueeze(2)).sum(1)
        result[part] = found
        inside[part] = torch.stack([_inside(at, size) for at, size in zip(coordinates, sizes, strict=True)]).all(0)
    back = np.argsort(order).tolist()
    warped = result.view(in_front.shape).permute(back).contiguous()
    shape = [1, 1, 1]
    for axis, size in zip(axes, sizes, strict=True):
        shape[axis] = size
    return warped, inside.view(shape)


def _source_coordinates(
    sizes: tuple[int, ...], source_of: np.ndarray, interpolation: Interpolation, device: torch.device
) -> Iterator[tuple[slice, list[torch.Tensor]]]:
    """Yield parts of the result (as rows) and, per axis, the (n,) float64 position in voxels where each row comes from."""
    center = [(size - 1) / 2 for size in sizes]
    offsets = [
        torch.arange(size, dtype=torch.float64, device=device) - middle for size, middle in zip(sizes, center, strict=True)
    ]
    per_first = math.prod(sizes[1:])
    addresses = (2 if interpolation is Interpolation.LINEAR else 4) ** min(len(sizes), 2)
    step = max(1, _WEIGHTS_AT_ONCE // (addresses * per_first))
    for start in range(0, sizes[0], step):
        stop = min(start + step, sizes[0])
        grid = torch.meshgrid(offsets[0][start:stop], *offsets[1:], indexing="ij")
        coordinates = [
            (torch.stack([float(factor) * offset for factor, offset in zip(row, grid, strict=True)]).sum(0) + middle).flatten()
            for row, middle in zip(source_of, center, strict=True)
        ]
        yield slice(start * per_first, stop * per_first), coordinates


def _inside(coordinate: torch.Tensor, size: int) -> torch.Tensor:
    return (coordinate >= -0.5 - _TOLERANCE) & (coordinate <= size - 0.5 + _TOLERANCE)


def _check(volume: torch.Tensor, spacing: Spacing) -> None:
    if volume.ndim != 5 or 0 in volume.shape:
        raise ArgumentError(
            f"a volume to be moved has the axes (batch, class, slice, row, column), got shape {tuple(volume.shape)}"
        )
    if len(spacing) != 3 or not all(math.isfinite(s) and s > 0 for s in spacing):
        raise ArgumentError(f"spacing must be three positive numbers in mm, got {spacing}")
