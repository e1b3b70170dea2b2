"""From a CT to the network's input, voxel for voxel as nnU-Net's default preprocessor makes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..anatomical_axes import AnatomicalAxes
from ..head_ct import HeadCT
from ..sampling.working_grid import Box, WorkingGrid
from .network_plans import NetworkPlans

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, eq=False)
class PreparedCT:
    """A CT as the network sees it.

    Attributes
    ----------
    data : (1, D, H, W) float32 tensor
        Normalized intensities on the working grid (clipped to the model's HU window if it normalizes as CT).
    grid : WorkingGrid
        Where these voxels lie in the CT.
    """

    data: torch.Tensor
    grid: WorkingGrid


def working_grid(ct: HeadCT, plans: NetworkPlans, *, box: Box | None, anatomical: bool = False) -> WorkingGrid:
    """Return the grid on which the network works.

    Parameters
    ----------
    box : Box, optional
        Limits along the CT's axes, such as the head's (`hemorrhage.head_box`); else it is nnU-Net's own crop.
    anatomical : bool
        Let the axes run to superior, posterior and left before the plans' transpose, so that a CT reaches the network as the same
        axial stack however it is stored. Stock nnU-Net takes the axes as they are stored.
    """
    axes = AnatomicalAxes.of(ct.affine)
    order = axes.order if anatomical else (0, 1, 2)
    against = axes.against_spl if anatomical else (False, False, False)
    a, b, c = (order[axis] for axis in plans.transpose)
    transpose = (a, b, c)
    limits = _nonzero_box(ct.hu)
    if box is not None:
        limits = tuple((max(p[0], q[0]), min(p[1], q[1])) for p, q in zip(limits, box, strict=True))  # type: ignore[assignment]
        if any(stop <= start for start, stop in limits):
            limits = box
    transposed: Box = (limits[a], limits[b], limits[c])
    box_shape = [stop - start for start, stop in transposed]
    spacing = tuple(ct.spacing[axis] for axis in transpose)
    target = plans.target_spacing(spacing)
    if plans.resampling_data[0] == "no_resampling_hack":
        shape = box_shape
    else:
        from nnunetv2.preprocessing.resampling.default_resampling import compute_new_shape

        shape = [max(1, int(n)) for n in compute_new_shape(box_shape, spacing, target)]
    exact = tuple(s * n / m for s, n, m in zip(spacing, box_shape, shape, strict=True))
    return WorkingGrid(
        ct_shape=ct.shape,
        transpose=transpose,
        box=transposed,
        shape=(shape[0], shape[1], shape[2]),
        spacing=(exact[0], exact[1], exact[2]),
        flipped=tuple(axis for axis, source in enumerate(plans.transpose) if against[source]),
    )


def prepare(ct: HeadCT, plans: NetworkPlans, grid: WorkingGrid) -> PreparedCT:
    """Transpose, normalize, crop, mirror and resample `ct` to `grid` (from `working_grid`).

    Normalization comes before the crop to the head, so that schemes that look at the whole CT see what nnU-Net shows them.
    """
    import torch

    if plans.normalization in ("CTNormalization", "NoNormalization"):  # voxel by voxel: only the box is needed
        data = plans.normalize(grid.cut(ct.hu).copy(), None)
    else:
        limits = _nonzero_box(ct.hu)
        outer: Box = (limits[grid.transpose[0]], limits[grid.transpose[1]], limits[grid.transpose[2]])
        # A view with the very memory layout that nnU-Net has: float32 means depend on the order of summation.
        cropped = ct.hu.copy().transpose(grid.transpose)[_slices(outer)]
        normalized = plans.normalize(cropped, _nonzero_mask(cropped) if plans.use_mask else None)
        inner = tuple(slice(p[0] - q[0], p[1] - q[0]) for p, q in zip(grid.box, outer, strict=True))
        data = np.flip(normalized[inner], grid.flipped)
    spacing = [ct.spacing[axis] for axis in grid.transpose]
    resampled = plans.resample_data()(
        np.ascontiguousarray(data)[None], np.asarray(grid.shape), spacing, plans.target_spacing(tuple(spacing))
    )
    return PreparedCT(torch.from_numpy(np.ascontiguousarray(resampled, dtype=np.float32)), grid)


def probabilities_on_ct(logits: torch.Tensor, ct: HeadCT, plans: NetworkPlans, grid: WorkingGrid) -> torch.Tensor:
    """Resample logits as nnU-Net's export does, then softmax.

    Parameters
    ----------
    logits : (C, *grid.shape) tensor

    Returns
    -------
    (C, *grid.box_shape) float32 tensor
        Class probabilities on the CT's voxels inside the box, axes transposed and mirrored (``grid.without_resampling()``).
    """
    import torch

    spacing = [ct.spacing[axis] for axis in grid.transpose]
    resampled = plans.resample_probabilities()(logits.cpu(), grid.box_shape, plans.target_spacing(tuple(spacing)), spacing)
    return torch.softmax(torch.as_tensor(resampled).float(), 0)


def _slices(box: Box) -> tuple[slice, slice, slice]:
    a, b, c = (slice(start, stop) for start, stop in box)
    return a, b, c


def _nonzero_box(hu: np.ndarray) -> Box:
    """Smallest box (CT axes) that holds all voxels other than exactly 0; filling holes, as nnU-Net does, cannot change it."""
    nonzero = hu != 0
    limits = []
    for axis in range(3):
        others = tuple(other for other in range(3) if other != axis)
        found = np.flatnonzero(nonzero.any(axis=others))
        limits.append((int(found[0]), int(found[-1]) + 1) if len(found) else (0, hu.shape[axis]))
    return limits[0], limits[1], limits[2]


def _nonzero_mask(hu: np.ndarray) -> np.ndarray:
    from nnunetv2.preprocessing.cropping.cropping import create_nonzero_mask

    mask: np.ndarray = create_nonzero_mask(hu[None])
    return mask
