"""SimpleITK images to head CTs and arrays on a CT's grid to SimpleITK images, geometry kept to rounding."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..errors import GeometryError, NotAVolumeError
from ..head_ct import HeadCT
from .affine_checks import geometry_metadata, geometry_warnings
from .ct_checks import check_is_ct
from .padding import clip_to_air

if TYPE_CHECKING:
    import SimpleITK

#: SimpleITK's patient axes are L, P, S; ours are R, A, S.
LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


def affine_of(image: SimpleITK.Image) -> NDArray[np.float64]:
    """Return the 4x4 matrix from (slice, row, column, 1) to R, A, S in mm of a 3D SimpleITK image."""
    affine = np.eye(4)
    direction = np.asarray(image.GetDirection(), dtype=np.float64).reshape(3, 3)
    affine[:3, :3] = (direction * np.asarray(image.GetSpacing()))[:, ::-1]
    affine[:3, 3] = image.GetOrigin()
    return LPS_TO_RAS @ affine


def to_simpleitk(array: NDArray[np.generic], ct: HeadCT) -> SimpleITK.Image:
    """Give an array on the CT's grid as a SimpleITK image with the CT's geometry.

    Parameters
    ----------
    array : (D, H, W) or (C, D, H, W)
        A map of scalars, or one volume per class (becomes a 3D image of C-vectors). bool becomes uint8, float16 float32.
    ct : HeadCT
        The grid. A sheared matrix becomes a non-orthogonal direction, which SimpleITK keeps (NRRD and MetaImage hold it too).

    Returns
    -------
    SimpleITK.Image
    """
    import SimpleITK

    if array.shape[-3:] != ct.shape or array.ndim not in (3, 4):
        raise GeometryError(f"an array of shape {array.shape} does not lie on the CT's grid {ct.shape}")
    if array.dtype == np.bool_:
        array = array.astype(np.uint8)
    elif array.dtype == np.float16:
        array = array.astype(np.float32)
    if array.ndim == 4:
        image = SimpleITK.GetImageFromArray(np.ascontiguousarray(np.moveaxis(array, 0, -1)), isVector=True)
    else:
        image = SimpleITK.GetImageFromArray(np.ascontiguousarray(array), isVector=False)
    matrix = (LPS_TO_RAS @ ct.affine)[:3, [2, 1, 0, 3]]
    spacing = np.linalg.norm(matrix[:, :3], axis=0)
    image.SetSpacing(spacing.tolist())
    image.SetDirection((matrix[:, :3] / spacing).ravel().tolist())
    image.SetOrigin(matrix[:, 3].tolist())
    return image


def from_simpleitk(image: SimpleITK.Image, name: str = "the SimpleITK image") -> HeadCT:
    """Make a checked `HeadCT` of a 3D scalar SimpleITK image in Hounsfield units.

    A 4D image with one volume is taken as 3D. Raises what `read_ct` raises for a file with the same content.
    """
    import SimpleITK

    if image.GetDimension() == 4 and image.GetSize()[3] == 1:
        image = image[:, :, :, 0]
    if "complex" in image.GetPixelIDTypeAsString():
        raise NotAVolumeError(f"{name} is complex-valued: give a CT in Hounsfield units")
    components = image.GetNumberOfComponentsPerPixel()
    if components > 1:
        kind = "a color image" if components in (3, 4) else "several volumes in one"
        raise NotAVolumeError(f"{name} has {components} components per voxel ({kind}): give one scalar CT volume")
    if image.GetDimension() != 3:
        size = " x ".join(str(n) for n in image.GetSize())
        raise NotAVolumeError(f"{name} has {image.GetDimension()} dimensions ({size}): give one 3D CT volume")
    hu = SimpleITK.GetArrayFromImage(image).astype(np.float32)
    affine = affine_of(image)
    padding = clip_to_air(hu)
    spacing = tuple(float(s) for s in reversed(image.GetSpacing()))
    warnings = check_is_ct(hu, (spacing[0], spacing[1], spacing[2]), name) + geometry_warnings(affine)
    metadata = {"format": "SimpleITK", "padding_voxels": padding, **geometry_metadata(affine)}
    return HeadCT(hu, affine, source=name, warnings=warnings, metadata=metadata)
