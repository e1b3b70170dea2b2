"""Whether a mask lies on its CT's grid; nothing is ever resampled to make it so."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hemorrhage.head_ct import HeadCT

from .defects import CaseDefectError
from .mask_file import Mask

#: Largest displacement of any corner that still counts as the same grid, as a share of the smallest spacing.
TOLERANCE = 0.25


def values_on_grid(mask: Mask, ct: HeadCT) -> tuple[NDArray[Any], tuple[str, ...]]:
    """Return the mask's stored values on the CT's grid, and warnings.

    Axes that are stored in another order or direction are turned, which moves no voxel. A file that does not say how it lies in
    the patient is taken as lying like the other one, with a warning.

    Parameters
    ----------
    mask : Mask
    ct : HeadCT

    Returns
    -------
    stored : (D, H, W)
    warnings : tuple of str

    Raises
    ------
    CaseDefectError
        Size or place differ.
    """
    nifti = ct.metadata.get("nifti")
    ct_has_geometry = nifti is None or bool(nifti["sform_code"] or nifti["qform_code"])
    if not (mask.has_geometry and ct_has_geometry):
        _check_size(mask.stored.shape, ct)
        which = "mask" if ct_has_geometry else "CT"
        return mask.stored, (
            f"The {which} does not say how it lies in the patient: voxels of CT and mask were matched by index.",
        )
    stored, affine, turned = _turned_like(mask, ct.affine)
    _check_size(stored.shape, ct)
    shift = _largest_shift(affine, ct)
    if shift > TOLERANCE * min(ct.spacing):
        raise CaseDefectError(
            f"the mask lies up to {shift:.1f} mm away from the CT (their headers differ): export it on the CT's grid"
        )
    return stored, ("The mask's axes were stored in another order or direction and were turned.",) if turned else ()


def _turned_like(mask: Mask, target: NDArray[np.float64]) -> tuple[NDArray[Any], NDArray[np.float64], bool]:
    from nibabel.orientations import apply_orientation, inv_ornt_aff, io_orientation, ornt_transform

    turn = ornt_transform(io_orientation(mask.affine), io_orientation(target))
    if np.array_equal(turn, [[0, 1], [1, 1], [2, 1]]):
        return mask.stored, mask.affine, False
    return apply_orientation(mask.stored, turn), mask.affine @ inv_ornt_aff(turn, mask.stored.shape), True


def _check_size(shape: tuple[int, ...], ct: HeadCT) -> None:
    if shape != ct.shape:
        raise CaseDefectError(
            f"the mask is {_times(shape)} voxels, the CT {_times(ct.shape)}: they must have the same slices, rows and columns"
        )


def _largest_shift(affine: NDArray[np.float64], ct: HeadCT) -> float:
    """Largest distance in mm between where the two matrices put a corner of the grid."""
    ends = np.array(ct.shape) - 1
    corners = np.array([[*(ends * (i, j, k)), 1.0] for i in (0, 1) for j in (0, 1) for k in (0, 1)])
    return float(np.linalg.norm((corners @ (affine - ct.affine).T)[:, :3], axis=1).max())


def _times(shape: tuple[int, ...]) -> str:
    return " x ".join(str(n) for n in shape)
