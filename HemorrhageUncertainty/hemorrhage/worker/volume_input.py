"""A raw file to a checked CT, never holding more than one copy of it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import Interrupted, UnreadableInputError
from ..head_ct import HeadCT
from ..memory import require_memory
from ..progress import StopCallback
from ..reading.affine_checks import geometry_metadata, geometry_warnings
from ..reading.ct_checks import check_hounsfield_range, check_shape, check_spacing
from ..reading.padding import clip_to_air
from .requests import Volume

_NAME = "the CT"
#: Read at once. Files are read, not mapped: a client that cuts a mapped file short would kill this process.
_SLAB_BYTES = 1 << 24


def read_volume(volume: Volume, should_stop: StopCallback | None = None) -> HeadCT:
    """Read a volume that a client has written.

    Shape, spacing, size of the file and range of the intensities are checked before memory is taken for the CT. Whether a head
    is in view is left to `hemorrhage.reading.check_is_ct`, which `hemorrhage.segment` asks.

    Parameters
    ----------
    volume : Volume
    should_stop : callable, optional
        Asked now and then; True raises `Interrupted`.

    Returns
    -------
    HeadCT
        Padding below -1024 HU is raised to it, as `hemorrhage.read_ct` does.

    Raises
    ------
    UnreadableInputError
        The file is missing or of another size than shape and type say.
    NotAVolumeError, GeometryError, NotACTError
        See `hemorrhage.reading.check_is_ct`.
    ResourceError
        The CT does not fit into memory.
    """
    affine = np.array(volume.affine, dtype=np.float64)
    d, h, w = (float(s) for s in np.linalg.norm(affine[:3, :3], axis=0))
    check_shape(volume.shape, _NAME)
    check_spacing((d, h, w), volume.shape, _NAME)
    _check_file(volume)
    low, high, unusable = math.inf, -math.inf, 0
    for _, slab in _slabs(volume, should_stop):
        finite = slab[np.isfinite(slab)] if slab.dtype.kind == "f" else slab
        unusable += slab.size - finite.size
        if finite.size:
            low, high = min(low, float(finite.min())), max(high, float(finite.max()))
    warnings = check_hounsfield_range(low, high, unusable, _NAME)
    require_memory(4 * math.prod(volume.shape), f"reading a CT of {' x '.join(map(str, volume.shape))} voxels")
    hu = np.empty(volume.shape, dtype=np.float32)
    padding = 0
    for slices, slab in _slabs(volume, should_stop):
        hu[slices] = slab
        padding += clip_to_air(hu[slices])
    ct = HeadCT(hu, affine, source=volume.name, warnings=warnings)
    metadata = {"format": "array", "padding_voxels": padding, **geometry_metadata(affine)}
    return replace(ct, warnings=warnings + geometry_warnings(affine), metadata=metadata)


def _check_file(volume: Volume) -> None:
    path = Path(volume.file)
    expected = math.prod(volume.shape) * _stored_type(volume).itemsize
    try:
        found = path.stat().st_size
    except OSError as error:
        raise UnreadableInputError(f"the CT's file {path} cannot be read ({error.strerror}): segment again") from error
    if found != expected:
        raise UnreadableInputError(f"the CT's file {path} has {found} bytes instead of {expected}: segment again")


def _slabs(volume: Volume, should_stop: StopCallback | None) -> Iterator[tuple[slice, NDArray[np.generic]]]:
    """Yield some slices at a time, and where they belong."""
    depth, rows, columns = volume.shape
    dtype = _stored_type(volume)
    thickness = max(1, _SLAB_BYTES // (rows * columns * dtype.itemsize))
    try:
        with Path(volume.file).open("rb") as file:
            for start in range(0, depth, thickness):
                if should_stop is not None and should_stop():
                    raise Interrupted("stopped on request: nothing was written")
                stop = min(depth, start + thickness)
                slab = np.fromfile(file, dtype, (stop - start) * rows * columns)
                yield slice(start, stop), slab.reshape(stop - start, rows, columns)
    except (OSError, ValueError) as error:  # a file that was cut short meanwhile does not fill its last slab
        raise UnreadableInputError(f"the CT's file {volume.file} cannot be read ({error}): segment again") from error


def _stored_type(volume: Volume) -> np.dtype[np.generic]:
    return np.dtype(volume.dtype.value).newbyteorder("<")
