"""From a CT to the slices that a network sees: inside of the skull, window, one pixel size; and each slice's normalization."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage

from ..anatomical_axes import AnatomicalAxes
from ..errors import NotACTError
from ..head_ct import HeadCT
from ..intracranial_mask import intracranial_mask
from ..sampling.network import PreparedTensor
from ..sampling.working_grid import WorkingGrid
from .settings import SliceSettings


def prepare(ct: HeadCT, settings: SliceSettings) -> PreparedTensor:
    """Return axial slices of the inside of the skull, windowed to [0, 1] and 0 elsewhere, on their working grid.

    The grid has the CT's own slices (those that show the inside of the skull) and pixels of ``field_mm / image_size``; so the way
    back (`WorkingGrid.to_ct`) interpolates within slices only.

    Raises
    ------
    NotACTError
        No space inside a skull was found.
    """
    inside = intracranial_mask(ct)
    if inside is None:
        raise NotACTError("no inside of a skull was found, which this model needs: use another model, or check the CT")
    keep = _with_margin(inside, ct, settings.margin_mm)
    grid = working_grid(ct, keep, settings)
    hu = np.clip(grid.cut(ct.hu), *_window(settings))
    lowest = settings.level_hu - settings.width_hu / 2
    windowed = np.where(grid.cut(keep), (hu - lowest) / settings.width_hu, 0).astype(np.float32)
    data = torch.from_numpy(windowed)[:, None]
    shrunk = torch.nn.functional.interpolate(data, size=grid.shape[1:], mode="bilinear", align_corners=False, antialias=True)
    return PreparedTensor(shrunk[:, 0][None].clamp(0, 1).contiguous(), grid)


def working_grid(ct: HeadCT, inside: NDArray[np.bool_], settings: SliceSettings) -> WorkingGrid:
    """Return the grid of the slices that hold any of the mask `inside`: a square about it, as far as the CT goes.

    Its axes run to superior, posterior and left, however the CT is stored.
    """
    axes = AnatomicalAxes.of(ct.affine)
    a, b, c = axes.order
    mask = inside.transpose(a, b, c)
    found = np.flatnonzero(mask.any((1, 2)))
    limits, shape = [(int(found[0]), int(found[-1]) + 1)], [int(found[-1]) + 1 - int(found[0])]
    for axis, ct_axis in ((1, b), (2, c)):
        here = np.flatnonzero(mask.any((0, 3 - axis)))
        size = min(mask.shape[axis], round(settings.field_mm / ct.spacing[ct_axis]))
        start = int(np.clip((here[0] + here[-1] + 1 - size) // 2, 0, mask.shape[axis] - size))
        limits.append((start, start + size))
        pixels = round(size * ct.spacing[ct_axis] / settings.field_mm * settings.image_size)
        shape.append(min(settings.image_size, max(1, pixels)))
    spacing = [ct.spacing[k] * (stop - start) / n for k, (start, stop), n in zip((a, b, c), limits, shape, strict=True)]
    return WorkingGrid(
        ct_shape=ct.shape,
        transpose=(a, b, c),
        box=(limits[0], limits[1], limits[2]),
        shape=(shape[0], shape[1], shape[2]),
        spacing=(spacing[0], spacing[1], spacing[2]),
        flipped=tuple(axis for axis, against in enumerate(axes.against_spl) if against),
    )


def normalized_slices(data: torch.Tensor, image_size: int) -> torch.Tensor:
    """Put windowed slices (D, h, w) into the middle of squares and give each zero mean and unit variance: (D, 1, S, S).

    An empty slice stays 0 everywhere.
    """
    top, left = square_corner(data, image_size)
    bottom, right = image_size - data.shape[1] - top, image_size - data.shape[2] - left
    square = torch.nn.functional.pad(data[:, None], (left, right, top, bottom))
    deviation, mean = torch.std_mean(square, dim=(1, 2, 3), correction=0, keepdim=True)
    return (square - mean) / deviation.clamp(min=1e-6)


def square_corner(data: torch.Tensor, image_size: int) -> tuple[int, int]:
    """Return row and column of the square at which slices (..., h, w) begin."""
    return (image_size - data.shape[-2]) // 2, (image_size - data.shape[-1]) // 2


def _window(settings: SliceSettings) -> tuple[float, float]:
    return settings.level_hu - settings.width_hu / 2, settings.level_hu + settings.width_hu / 2


def _with_margin(inside: NDArray[np.bool_], ct: HeadCT, margin_mm: float) -> NDArray[np.bool_]:
    """Widen the mask within its slices."""
    order = AnatomicalAxes.of(ct.affine).order
    spacing = [ct.spacing[axis] for axis in order[1:]]
    wide = inside.transpose(order).copy()
    for each in wide:
        if margin_mm and each.any():
            each |= ndimage.distance_transform_edt(~each, sampling=spacing) <= margin_mm
    return wide.transpose(np.argsort(order))
