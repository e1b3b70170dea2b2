"""Reading a mask: its stored values and where they lie, nothing decided about what they mean."""

from __future__ import annotations

import gzip
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .defects import CaseDefectError

_UNREADABLE = "cannot be read: it is truncated, corrupt or of another kind, copy or download it again"

#: A smaller voxel is a matrix that lost an axis.
_LEAST_VOXEL_MM3 = 1e-9


@dataclass(frozen=True, eq=False)
class Mask:
    """A mask as it is stored.

    Attributes
    ----------
    stored : (D, H, W) of any number type
        Values as stored, rescaled by the header's slope.
    affine : (4, 4) float64
        From (slice, row, column, 1) to R, A, S in mm.
    has_geometry : bool
        Whether the file says how it lies in the patient.
    """

    stored: NDArray[Any]
    affine: NDArray[np.float64]
    has_geometry: bool


def read_mask(path: Path) -> Mask:
    """Read a mask from NIfTI, NRRD or MetaImage.

    Raises
    ------
    CaseDefectError
        The file cannot be read, is no 3D volume, or does not say where its voxels lie although it means to.
    """
    mask = _read_nifti(path) if path.name.lower().endswith((".nii", ".nii.gz")) else _read_with_simpleitk(path)
    if mask.stored.ndim != 3:
        raise CaseDefectError(f"{path.name} has {mask.stored.ndim} dimensions: a mask has three")
    if mask.stored.dtype.kind not in "biuf":
        raise CaseDefectError(f"{path.name} holds {mask.stored.dtype} values: a mask holds whole numbers")
    if not np.isfinite(mask.affine).all() or abs(np.linalg.det(mask.affine[:3, :3])) < _LEAST_VOXEL_MM3:
        raise CaseDefectError(f"{path.name} has an orientation matrix without volume (singular): export it again")
    return mask


def _read_nifti(path: Path) -> Mask:
    import nibabel

    try:
        if path.name.lower().endswith(".gz"):
            # Unpacked whole, so that the checksum is verified: a truncated file must not become an empty end of the mask.
            content = gzip.decompress(path.read_bytes())
            nifti_2 = content[:4] in (b"\x1c\x02\0\0", b"\0\0\x02\x1c")
            image: Any = (nibabel.nifti2.Nifti2Image if nifti_2 else nibabel.nifti1.Nifti1Image).from_bytes(content)
        else:
            image = nibabel.load(path)
        stored = np.asanyarray(image.dataobj)
    except (OSError, EOFError, ValueError, zlib.error, nibabel.filebasedimages.ImageFileError) as error:
        raise CaseDefectError(f"{path.name} {_UNREADABLE}") from error
    except (nibabel.spatialimages.HeaderDataError, nibabel.wrapstruct.WrapStructError) as error:
        raise CaseDefectError(f"{path.name} {_UNREADABLE}") from error
    while stored.ndim > 3 and stored.shape[-1] == 1:
        stored = stored[..., 0]
    header = image.header
    has_geometry = bool(header["sform_code"]) or bool(header["qform_code"])
    affine = np.asarray(image.affine, dtype=np.float64)[:, [2, 1, 0, 3]]
    return Mask(np.array(stored.T, order="C"), affine, has_geometry)


def _read_with_simpleitk(path: Path) -> Mask:
    import SimpleITK

    from hemorrhage.reading.simpleitk_bridge import affine_of

    try:
        image = SimpleITK.ReadImage(str(path))
    except RuntimeError as error:
        raise CaseDefectError(f"{path.name} {_UNREADABLE}") from error
    if image.GetDimension() != 3 or image.GetNumberOfComponentsPerPixel() != 1:
        raise CaseDefectError(f"{path.name} is not one 3D volume of single values")
    return Mask(SimpleITK.GetArrayFromImage(image), affine_of(image), has_geometry=True)
