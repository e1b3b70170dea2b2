"""The box of the head, or of the space inside its skull, so that air, table, face and neck cost no time."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from .head_ct import HeadCT
from .intracranial_mask import intracranial_mask
from .sampling.working_grid import Box

#: Above this many HU a voxel is tissue: fat is near -100, foam and clothing lie below.
TISSUE_HU = -200.0
#: Tissue thinner than this in mm does not connect two things (head and table).
BRIDGE_MM = 6.0
#: Coarse in-plane spacing in mm on which the head is searched.
_COARSE_MM = 2.0


def head_box(ct: HeadCT, margin_mm: float = 10.0) -> Box:
    """Return start and stop of the head along slice, row and column.

    The head is the largest connected piece of tissue after thin bridges are cut. If no tissue is found, or hardly any, the box is
    the whole CT: a box that is too large costs time, one that is too small costs a hemorrhage.

    Parameters
    ----------
    ct : HeadCT
    margin_mm : float
        Added on every side.
    """
    steps = [max(1, round(_COARSE_MM / spacing)) for spacing in ct.spacing]
    tissue = ct.hu[tuple(slice(None, None, step) for step in steps)] > TISSUE_HU
    spacing = [s * step for s, step in zip(ct.spacing, steps, strict=True)]
    head = _largest_piece(tissue, spacing)
    whole: Box = ((0, ct.shape[0]), (0, ct.shape[1]), (0, ct.shape[2]))
    if head.sum() * float(np.prod(spacing)) < 100_000:  # mm^3: less than a tenth of a liter is no head
        return whole
    return _box_about(head, steps, ct, margin_mm + BRIDGE_MM / 2)


def intracranial_box(ct: HeadCT, margin_mm: float = 8.0) -> Box:
    """Return start and stop of the space inside the skull along slice, row and column; where there is none, the head's.

    Parameters
    ----------
    ct : HeadCT
    margin_mm : float
        Added on every side: about the skull's thickness.
    """
    mask = intracranial_mask(ct)
    if mask is None:
        return head_box(ct)
    return _box_about(mask, [1, 1, 1], ct, margin_mm)


def _box_about(mask: np.ndarray, steps: list[int], ct: HeadCT, margin_mm: float) -> Box:
    """Box in voxels of `ct` about a mask on every `steps`-th of them: what lies between these is in it too."""
    limits = []
    for axis, (step, size) in enumerate(zip(steps, ct.shape, strict=True)):
        found = np.flatnonzero(mask.any(axis=tuple(other for other in range(3) if other != axis))) * step
        margin = int(np.ceil(margin_mm / ct.spacing[axis])) + step - 1
        limits.append((max(0, int(found[0]) - margin), min(size, int(found[-1]) + 1 + margin)))
    return limits[0], limits[1], limits[2]


def _largest_piece(tissue: np.ndarray, spacing: list[float]) -> np.ndarray:
    """Largest connected component after an opening by a ball of diameter BRIDGE_MM (the opening shrinks nothing else)."""
    reach = [int(BRIDGE_MM / 2 / s) for s in spacing]
    axes = [np.arange(-r, r + 1) * s for r, s in zip(reach, spacing, strict=True)]
    z, y, x = np.meshgrid(*axes, indexing="ij")
    ball = z**2 + y**2 + x**2 <= (BRIDGE_MM / 2) ** 2
    # Beyond the field of view counts as tissue for the erosion: a head cut by the border keeps its rim.
    eroded = ndimage.binary_erosion(tissue, ball, border_value=1)
    labels, count = ndimage.label(eroded, np.ones((3, 3, 3)))
    if count == 0:
        return np.zeros_like(tissue)
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    return np.asarray(labels == sizes.argmax())
