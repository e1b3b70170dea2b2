"""What a head CT must be, whatever file it came from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..errors import GeometryError, NotACTError, NotAVolumeError
from ..head_ct import Spacing
from .head_in_view import HeadEvidence, look_for_head

MIN_SLICES = 3
MAX_USUAL_SLICES = 700
#: Smallest and largest believable distance between voxels, in mm.
MIN_SPACING_MM, MAX_SPACING_MM = 0.1, 15.0
#: Largest believable edge of the field of view, in mm: a whole-body CT is longer, a head CT is not.
MAX_EXTENT_MM = 1000.0

_AIR_OR_FAT_HU = -50.0
_AIR_HU = -500.0
_BONE_HU = 250.0
_HIGHEST_HU = 40_000.0


def check_shape(shape: tuple[int, ...], name: str) -> None:
    """Raise `NotAVolumeError` unless the array is 3D with at least 3 slices, rows and columns."""
    if len(shape) != 3:
        raise NotAVolumeError(f"{name} has {len(shape)} dimensions ({_times(shape)}): give one 3D CT volume")
    if min(shape) < MIN_SLICES:
        raise NotAVolumeError(f"{name} is {_times(shape)} voxels: a CT needs at least {MIN_SLICES} slices, give the whole volume")


def check_spacing(spacing: Spacing, shape: tuple[int, ...], name: str) -> None:
    """Raise `GeometryError` unless spacing and field of view, in mm, are those of a CT of a head."""
    values = " x ".join(f"{s:.4g}" for s in spacing)
    if not np.isfinite(spacing).all() or min(spacing) <= 0:
        raise GeometryError(f"{name} has a spacing of {values} mm: every spacing must be above zero, export the CT again")
    if min(spacing) < MIN_SPACING_MM or max(spacing) > MAX_SPACING_MM:
        raise GeometryError(
            f"{name} has a spacing of {values} mm, not between {MIN_SPACING_MM:g} and {MAX_SPACING_MM:g} mm: is its unit mm?"
        )
    longest = max(n * s for n, s in zip(shape, spacing, strict=True))
    if longest > MAX_EXTENT_MM:
        raise GeometryError(f"{name} is {longest:.0f} mm long: crop it to the head (at most {MAX_EXTENT_MM:g} mm)")


def check_hounsfield(hu: NDArray[np.float32], name: str) -> tuple[str, ...]:
    """Raise `NotACTError` unless the values are finite and span air or fat to bone in HU; return warnings."""
    low, high = float(hu.min()), float(hu.max())
    finite = np.isfinite(low) and np.isfinite(high)
    return check_hounsfield_range(low, high, 0 if finite else int(hu.size - np.count_nonzero(np.isfinite(hu))), name)


def check_hounsfield_range(low: float, high: float, unusable_voxels: int, name: str) -> tuple[str, ...]:
    """Do what `check_hounsfield` does, from the range of the voxels and the number of those that are NaN or infinite."""
    if unusable_voxels:
        raise NotACTError(
            f"{name} has {unusable_voxels} voxels that are NaN or infinite: replace them by -1000 HU (air) and try again"
        )
    span = f"{name} has intensities from {low:g} to {high:g}, which are not Hounsfield units of a head"
    if low >= 0 and high > 1000:
        raise NotACTError(f"{span} (expected air near -1000): is it an MR image, or a CT stored without its rescale intercept?")
    if low > _AIR_OR_FAT_HU or high < _BONE_HU:
        raise NotACTError(
            f"{span} (expected air near -1000 and bone above 300): "
            "is it an MR image, a windowed or rescaled export, or a label map?"
        )
    if high > _HIGHEST_HU:
        raise NotACTError(f"{span} (expected at most {_HIGHEST_HU:g}): export the CT again with its rescale slope and intercept")
    if low > _AIR_HU:
        return (f"The lowest intensity is {low:g} HU: there is no air in the CT, or its intensities were clipped.",)
    return ()


def check_head(hu: NDArray[np.float32], spacing: Spacing, name: str) -> tuple[str, ...]:
    """Raise `NotACTError` if there is no head in the field of view; return a warning if that is doubtful."""
    found = look_for_head(hu, spacing)
    if found.verdict is HeadEvidence.NONE:
        raise NotACTError(f"{name} shows no head ({found.reason}): give a CT of the head with brain inside the skull in view")
    if found.verdict is HeadEvidence.DOUBTFUL:
        return (f"It is doubtful that a head is in the field of view: {found.reason}.",)
    return ()


def check_is_ct(hu: NDArray[np.float32], spacing: Spacing, name: str = "the CT") -> tuple[str, ...]:
    """Check that an array is a head CT in Hounsfield units.

    Parameters
    ----------
    hu : (D, H, W) float32
        Hounsfield units.
    spacing : (slice, row, column) in mm
    name : str
        What the error messages call it.

    Returns
    -------
    tuple of str
        Warnings, one sentence each.

    Raises
    ------
    NotAVolumeError, GeometryError, NotACTError
        With what was found, and what to do.
    """
    check_shape(hu.shape, name)
    check_spacing(spacing, hu.shape, name)
    warnings = check_hounsfield(hu, name) + check_head(hu, spacing, name)
    if hu.shape[0] > MAX_USUAL_SLICES:
        warnings += (f"The CT has {hu.shape[0]} slices: more than {MAX_USUAL_SLICES} were never tried.",)
    return warnings


def _times(shape: tuple[int, ...]) -> str:
    return " x ".join(str(n) for n in shape)
