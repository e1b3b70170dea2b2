"""The slices that a DICOM series was made of, and the way back to them from the regular grid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ArgumentError
from ..head_ct import HeadCT


@dataclass(frozen=True)
class SourceSlice:
    """One slice as it was acquired, and where it lies on the CT's grid.

    Attributes
    ----------
    file : str
        File name, relative to the folder that was read.
    sop_instance_uid : str
    instance_number : int or None
    position_ras : tuple of float
        Center of the slice's first voxel in R, A, S, in mm.
    slice_index : float
        Position along the CT's slice axis; whole numbers where the CT holds this very slice.
    row_offset, column_offset : float
        What to add to this slice's row and column to get the CT's, in pixels (0 unless the field of view moved between slices).
    """

    file: str
    sop_instance_uid: str
    instance_number: int | None
    position_ras: tuple[float, float, float]
    slice_index: float
    row_offset: float = 0.0
    column_offset: float = 0.0

    def to_metadata(self) -> dict[str, Any]:
        """Return the same as a JSON-able mapping, as kept in ``HeadCT.metadata["source_slices"]``."""
        return {**asdict(self), "position_ras": list(self.position_ras)}

    @classmethod
    def from_metadata(cls, stored: Mapping[str, Any]) -> SourceSlice:
        """Rebuild from `to_metadata`."""
        x, y, z = stored["position_ras"]
        return cls(**{**stored, "position_ras": (float(x), float(y), float(z))})


def source_slices(ct: HeadCT) -> tuple[SourceSlice, ...]:
    """Return the slices that the CT was made of, in the order of its slice axis; empty unless it was read from DICOM."""
    return tuple(SourceSlice.from_metadata(s) for s in ct.metadata.get("source_slices", ()))


def map_to_source_slices(array: NDArray[np.generic], ct: HeadCT) -> NDArray[np.generic]:
    """Resample a map on the CT's grid onto the slices as they were acquired.

    Parameters
    ----------
    array : (D, H, W) or (C, D, H, W)
        Label maps (integers, bool) take the nearest voxel, other maps are interpolated linearly.
    ct : HeadCT
        As read from DICOM.

    Returns
    -------
    (N, H, W) or (C, N, H, W) of the same type
        One plane per entry of ``source_slices(ct)``.

    Raises
    ------
    ArgumentError
        The CT was not read from DICOM, or the map does not lie on its grid.
    """
    slices = source_slices(ct)
    if not slices:
        raise ArgumentError("the CT was not read from DICOM slices, so nothing can be mapped back to them")
    if array.ndim not in (3, 4) or array.shape[-3:] != ct.shape:
        raise ArgumentError(f"a map of shape {array.shape} does not lie on the CT's grid {ct.shape}")
    nearest = array.dtype.kind in "biu"
    planes = [_plane_at(array, s, nearest) for s in slices]
    return np.stack(planes, axis=-3).astype(array.dtype, copy=False)


def _plane_at(array: NDArray[Any], source: SourceSlice, nearest: bool) -> NDArray[Any]:
    index = min(max(source.slice_index, 0.0), array.shape[-3] - 1.0)
    below = int(index)
    weight = index - below
    if nearest or weight < 1e-6 or weight > 1 - 1e-6:
        plane = array[..., round(index), :, :]
    else:
        plane = (1 - weight) * array[..., below, :, :] + weight * array[..., below + 1, :, :]
    if source.row_offset == 0.0 and source.column_offset == 0.0:
        return plane
    from scipy import ndimage

    shift = (*(0.0,) * (plane.ndim - 2), -source.row_offset, -source.column_offset)
    return ndimage.shift(plane, shift, order=0 if nearest else 1, mode="nearest")
