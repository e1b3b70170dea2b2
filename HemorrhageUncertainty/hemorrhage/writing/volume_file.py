"""Arrays on a CT's grid to volume files with exactly the CT's size and geometry."""

from __future__ import annotations

import errno
import os
import tempfile
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ArgumentError, ResourceError
from ..head_ct import HeadCT

if TYPE_CHECKING:
    from nibabel.nifti1 import Nifti1Image

_NIFTI = (".nii.gz", ".nii")
_SIMPLEITK = (".nrrd", ".mha")


def write_volume(array: NDArray[np.generic], ct: HeadCT, path: str | PathLike[str]) -> Path:
    """Write a map, or one volume per class, on the CT's own grid.

    Parameters
    ----------
    array : (D, H, W) or (C, D, H, W)
        bool is stored as uint8, float16 as float32, 64-bit integers as int32; every other type as it is.
    ct : HeadCT
        Gives the geometry. If it was read from NIfTI, the codes and the qform of its header are kept as well.
    path : path
        ``.nii.gz`` or ``.nii``: C volumes become a 4D file (fourth axis = class), which Slicer, SimpleITK and nibabel read.
        ``.nrrd`` or ``.mha``: C volumes become a 3D image of vectors.

    Returns
    -------
    Path
        The file. It appears complete or not at all; an existing file is replaced.

    Raises
    ------
    ArgumentError
        The array does not lie on the CT's grid, has a type that no format holds, or the path's ending is unknown.
    ResourceError
        The disk is full, or the folder cannot be written to.

    Notes
    -----
    A sheared matrix (tilted gantry) is exact in the sform and in NRRD. A qform cannot hold shear: it gets the nearest rotation,
    which is what programs see that ignore a sheared sform (ITK-based ones, with a warning): give those NRRD.
    """
    path = Path(path)
    ending = next((e for e in (*_NIFTI, *_SIMPLEITK) if path.name.lower().endswith(e)), None)
    if ending is None:
        raise ArgumentError(f"{path} must end in {', '.join((*_NIFTI, *_SIMPLEITK))}")
    if array.ndim not in (3, 4) or array.shape[-3:] != ct.shape:
        raise ArgumentError(f"an array of shape {array.shape} does not lie on the CT's grid {ct.shape}")
    stored = _storable(array)
    temporary: Path | None = None
    try:
        handle, name = tempfile.mkstemp(prefix=".partial-", suffix=ending, dir=path.parent)
        os.close(handle)
        temporary = Path(name)
        if ending in _NIFTI:
            _nifti_image(stored, ct).to_filename(temporary)
        else:
            _write_with_simpleitk(stored, ct, temporary)
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    except OSError as error:
        reason = "the disk is full" if error.errno == errno.ENOSPC else error.strerror or str(error)
        raise ResourceError(f"{path} cannot be written ({reason}): free space or choose another folder") from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
    return path


def _storable(array: NDArray[Any]) -> NDArray[Any]:
    if array.dtype == np.bool_:
        return array.astype(np.uint8)
    if array.dtype == np.float16:
        return array.astype(np.float32)
    if array.dtype in (np.int64, np.uint64):
        if array.size and not (np.iinfo(np.int32).min <= array.min() and array.max() <= np.iinfo(np.int32).max):
            raise ArgumentError("integers beyond 32 bits cannot be stored in a volume file: convert them to float64")
        return array.astype(np.int32)
    if array.dtype.kind not in "iuf":
        raise ArgumentError(f"an array of type {array.dtype} cannot be stored in a volume file: convert it to numbers")
    return array


def _nifti_image(array: NDArray[Any], ct: HeadCT) -> Nifti1Image:
    import nibabel

    affine = ct.affine[:, [2, 1, 0, 3]]
    # (D, H, W) -> (W, H, D) and (C, D, H, W) -> (W, H, D, C): the first axis of NIfTI varies fastest.
    image = nibabel.nifti1.Nifti1Image(array.T, affine)
    header: dict[str, Any] = ct.metadata.get("nifti") or {}
    qform, qform_code = header.get("qform"), int(header.get("qform_code") or 0)
    image.set_sform(affine, code=int(header.get("sform_code") or 0) or qform_code or 1)
    if qform is not None and qform_code > 0:
        image.set_qform(np.asarray(qform, dtype=np.float64), code=qform_code)
    else:
        image.set_qform(affine, code=image.header["sform_code"].item(), strip_shears=True)
    image.header.set_xyzt_units("mm")
    return image


def _write_with_simpleitk(array: NDArray[Any], ct: HeadCT, path: Path) -> None:
    import SimpleITK

    from ..reading.simpleitk_bridge import to_simpleitk

    image = to_simpleitk(array, ct)
    try:
        SimpleITK.WriteImage(image, str(path), useCompression=True)
    except RuntimeError as error:
        raise OSError(errno.EIO, "SimpleITK could not write it") from error


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
