"""Which voxels of a CT lie inside the head, so that the air around it does not flatter a figure."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from hemorrhage.anatomical_axes import AnatomicalAxes
from hemorrhage.head_ct import HeadCT

#: Above this many HU a voxel is tissue: fat is near -100, foam and clothing lie below.
_TISSUE_HU = -200.0
#: Tissue thinner than twice this in mm does not connect two things (head and table).
_BRIDGE_MM = 3.0
#: In-plane step in mm on which the head is searched; its skin is found that exactly.
_COARSE_MM = 2.0
#: Less tissue than this in mL is no head.
_SMALLEST_HEAD_ML = 100.0


def head_mask(ct: HeadCT) -> NDArray[np.bool_] | None:
    """Return the (D, H, W) mask of the head with everything that its skin encloses, or None if there is no head.

    The head is the largest connected piece of tissue after thin bridges are cut; cavities are filled slice by slice, as the
    cut through the neck leaves the airways open below.
    """
    steps = [max(1, int(_COARSE_MM / spacing)) for spacing in ct.spacing]
    tissue = ct.hu[tuple(slice(None, None, step) for step in steps)] > _TISSUE_HU
    spacing = [each * step for each, step in zip(ct.spacing, steps, strict=True)]
    # Padded by repetition: a head cut by the field of view is not worn away there.
    padded = np.pad(tissue, 1, mode="edge")
    core = ndimage.distance_transform_edt(padded, sampling=spacing)[1:-1, 1:-1, 1:-1] > _BRIDGE_MM
    pieces, count = ndimage.label(core)
    if not count:
        return None
    largest = pieces == np.bincount(pieces[core]).argmax()
    head = tissue & (ndimage.distance_transform_edt(~largest, sampling=spacing) <= 2 * _BRIDGE_MM)
    if np.count_nonzero(head) * ct.voxel_volume_ml * np.prod(steps) < _SMALLEST_HEAD_ML:
        return None
    axis = AnatomicalAxes.of(ct.affine).superior
    slices = np.moveaxis(head, axis, 0)
    filled = np.moveaxis(np.stack([ndimage.binary_fill_holes(each) for each in slices]), 0, axis)
    for axis, step in enumerate(steps):
        filled = np.repeat(filled, step, axis=axis)
    return np.ascontiguousarray(filled[tuple(slice(0, size) for size in ct.shape)])
