"""NIfTI files, through nibabel: it keeps sheared matrices, which ITK refuses or rounds to a rotation."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import GeometryError, NotAVolumeError, UnreadableInputError
from ..head_ct import HeadCT
from .affine_checks import geometry_metadata, geometry_warnings
from .ct_checks import check_is_ct, check_shape, check_spacing
from .padding import clip_to_air

if TYPE_CHECKING:
    from nibabel.nifti1 import Nifti1Header, Nifti1Pair

#: Largest displacement in mm of a corner of the volume for which qform and sform count as equal (quaternions are coarse).
_SAME_GEOMETRY_MM = 0.5
_MM_PER_UNIT = {"unknown": 1.0, "mm": 1.0, "meter": 1000.0, "micron": 0.001}


def read_nifti(path: Path) -> HeadCT:
    """Read a NIfTI-1 or -2 file (.nii, .nii.gz, or a .hdr/.img pair); see `read_ct` for what is checked.

    The sform is used where its code says that it is set, else the qform; a disagreement becomes a warning.
    `HeadCT.metadata["nifti"]` keeps both codes and the qform, so that maps can be written with the same header geometry.
    """
    image = _load(path)
    header = image.header
    _check_kind(header, path)
    affine, nifti, warnings = _geometry(header, path)
    shape = tuple(int(n) for n in header.get_data_shape())
    while len(shape) > 3 and shape[-1] == 1:
        shape = shape[:-1]
    check_shape(shape[::-1], str(path))
    array_affine = affine[:, [2, 1, 0, 3]]
    d, h, w = (float(n) for n in np.linalg.norm(array_affine[:3, :3], axis=0))
    check_spacing((d, h, w), shape[::-1], str(path))
    if abs(np.linalg.det(affine[:3, :3])) < 1e-6 * d * h * w:
        raise GeometryError(f"{path} has an orientation matrix without volume (singular): export the CT again")
    try:
        with np.errstate(all="ignore"):
            stored = np.asanyarray(image.dataobj).reshape(shape)
            # A copy, never a view of the file on disk: it may be overwritten while the CT is in use.
            hu = np.array(stored.T, dtype=np.float32, order="C")
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise UnreadableInputError(f"{path} is truncated or corrupt: copy or export it again") from error
    padding = clip_to_air(hu)
    warnings += check_is_ct(hu, (d, h, w), str(path)) + geometry_warnings(array_affine)
    metadata = {"format": "NIfTI", "padding_voxels": padding, "nifti": nifti, **geometry_metadata(array_affine)}
    return HeadCT(hu, array_affine, source=str(path), warnings=warnings, metadata=metadata)


def _load(path: Path) -> Nifti1Pair:
    """Open the file; gzip files are unpacked whole, so that their checksum is verified."""
    import nibabel
    from nibabel.filebasedimages import ImageFileError
    from nibabel.spatialimages import HeaderDataError
    from nibabel.wrapstruct import WrapStructError

    try:
        if path.name.lower().endswith(".nii.gz"):
            content = gzip.decompress(path.read_bytes())
            kind = nibabel.nifti2.Nifti2Image if content[:4] in (b"\x1c\x02\0\0", b"\0\0\x02\x1c") else nibabel.nifti1.Nifti1Image
            _check_pixdim(content, path)
            return kind.from_bytes(content)
        if path.name.lower().endswith(".nii"):
            with path.open("rb") as file:
                _check_pixdim(file.read(540), path)
        image = nibabel.load(path)
    except (OSError, EOFError, ValueError, zlib.error, ImageFileError, HeaderDataError, WrapStructError, KeyError) as error:
        raise UnreadableInputError(
            f"{path} cannot be read as NIfTI: it is truncated, corrupt or of another kind, export it again"
        ) from error
    if not isinstance(image, nibabel.nifti1.Nifti1Pair):
        raise UnreadableInputError(
            f"{path} is an Analyze file, which does not say how the patient lies: convert it to NIfTI or NRRD"
        )
    return image


def _check_pixdim(content: bytes, path: Path) -> None:
    """Refuse a spacing of zero or below as stored: nibabel would silently mend it."""
    for order in ("<", ">"):
        size = np.frombuffer(content[:4], order + "i4")
        if size.size and size[0] == 348 and len(content) >= 348:
            dimensions, pixdim = np.frombuffer(content[40:42], order + "i2")[0], np.frombuffer(content[80:92], order + "f4")
        elif size.size and size[0] == 540 and len(content) >= 540:
            dimensions, pixdim = np.frombuffer(content[16:24], order + "i8")[0], np.frombuffer(content[112:136], order + "f8")
        else:
            continue
        used = pixdim[: max(0, min(3, int(dimensions)))]
        if not (np.isfinite(used) & (used > 0)).all():
            text = " x ".join(f"{v:g}" for v in used)
            raise GeometryError(f"{path} has a spacing of {text} mm: every spacing must be above zero, export the CT again")


def _check_kind(header: Nifti1Header, path: Path) -> None:
    kind = header.get_data_dtype()
    if kind.fields is not None:
        raise NotAVolumeError(f"{path} is a color (RGB) image: give a CT in Hounsfield units")
    if kind.kind == "c":
        raise NotAVolumeError(f"{path} is complex-valued: give a CT in Hounsfield units")
    shape = tuple(int(n) for n in header.get_data_shape())
    volumes = int(np.prod(shape[3:])) if len(shape) > 3 else 1
    if volumes != 1:
        raise NotAVolumeError(f"{path} holds {volumes} volumes ({' x '.join(map(str, shape))}): give one 3D CT volume")


def _geometry(header: Nifti1Header, path: Path) -> tuple[NDArray[np.float64], dict[str, Any], tuple[str, ...]]:
    """Return the matrix from (column, row, slice, 1) to RAS in mm, what is needed to write the same header, and warnings."""
    from nibabel.spatialimages import HeaderDataError

    try:
        unit = _MM_PER_UNIT[header.get_xyzt_units()[0]]
    except KeyError as error:
        raise GeometryError(f"{path} has an unknown unit of length: export the CT again in mm") from error
    to_mm = np.diag([unit, unit, unit, 1.0])
    sform_code, qform_code = int(header["sform_code"]), int(header["qform_code"])
    sform = to_mm @ np.asarray(header.get_sform(), dtype=np.float64)
    try:
        qform = to_mm @ np.asarray(header.get_qform(), dtype=np.float64)
    except (HeaderDataError, ValueError):
        qform, qform_code = sform, 0
    warnings: tuple[str, ...] = ()
    if unit != 1.0:
        warnings += (f"The header's unit of length is {unit:g} mm; it was converted to mm.",)
    sform_usable = sform_code > 0 and np.isfinite(sform).all() and abs(np.linalg.det(sform[:3, :3])) > 1e-9
    if sform_usable:
        affine = sform
    elif qform_code > 0:
        affine = qform
        if sform_code > 0:
            warnings += ("The header's sform is unusable (singular): the qform was used.",)
    elif sform_code > 0:
        raise GeometryError(f"{path} has a singular orientation matrix (sform) and no qform: export the CT again")
    else:
        affine = to_mm @ np.asarray(header.get_base_affine(), dtype=np.float64)
        warnings += ("The file does not say how the patient lies in it: left and right may be exchanged.",)
    if sform_usable and qform_code > 0:
        shape = [*header.get_data_shape(), 1, 1][:3]
        corners = np.array([[i * shape[0], j * shape[1], k * shape[2], 1.0] for i in (0, 1) for j in (0, 1) for k in (0, 1)])
        apart = float(np.linalg.norm((corners @ (sform - qform).T)[:, :3], axis=1).max())
        if apart > _SAME_GEOMETRY_MM:
            warnings += (
                f"The header's qform and sform disagree by up to {apart:.1f} mm: the sform was used; other programs may differ.",
            )
    nifti = {"sform_code": sform_code, "qform_code": qform_code, "qform": qform.tolist() if qform_code > 0 else None}
    return affine, nifti, warnings
