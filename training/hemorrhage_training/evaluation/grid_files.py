"""Label maps and maps on disk: their grid, and their voxels."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hemorrhage.errors import GeometryError, NotAVolumeError, UnreadableInputError

#: File endings of label maps, the longest first.
ENDINGS = (".nii.gz", ".nii", ".nrrd", ".mha")
#: Two grids are the same if no corner of one lies further from the other's than this share of the smallest voxel spacing:
#: headers round, and a qform rounds coarsely.
_SAME_CORNER_SHARE = 0.1


@dataclass(frozen=True, eq=False)
class Grid:
    """Where a map's voxels lie.

    Attributes
    ----------
    shape : (D, H, W)
        Slices, rows, columns.
    affine : (4, 4) float64
        Index (slice, row, column) to R, A, S in mm.
    """

    shape: tuple[int, int, int]
    affine: NDArray[np.float64]

    @property
    def voxel_ml(self) -> float:
        """Volume of a voxel in mL: |det| of the matrix, right also where it is sheared."""
        return float(abs(np.linalg.det(self.affine[:3, :3]))) / 1000

    def is_same_as(self, other: Grid) -> bool:
        """Whether voxels of equal index lie in the same place."""
        if self.shape != other.shape:
            return False
        ends = [(0, size - 1) for size in self.shape]
        corners = np.array([[i, j, k, 1] for i in ends[0] for j in ends[1] for k in ends[2]])
        apart = np.linalg.norm((corners @ (self.affine - other.affine).T)[:, :3], axis=1).max()
        return bool(apart <= _SAME_CORNER_SHARE * np.linalg.norm(self.affine[:3, :3], axis=0).min())

    def __str__(self) -> str:
        spacing = np.linalg.norm(self.affine[:3, :3], axis=0)
        return f"{' x '.join(map(str, self.shape))} voxels of {' x '.join(f'{each:.3g}' for each in spacing)} mm"


def ending_of(path: Path) -> str | None:
    """Return which of `ENDINGS` a file has, or None."""
    return next((each for each in ENDINGS if path.name.lower().endswith(each)), None)


def stem_of(path: Path) -> str:
    """Return a file's name without its ending."""
    return path.name[: len(path.name) - len(ending_of(path) or "")]


def read_grid(path: Path) -> Grid:
    """Read the grid from a file's header.

    Raises
    ------
    UnreadableInputError, NotAVolumeError
        The header is damaged, or does not describe a 3D map or a series of them.
    """
    if ending_of(path) in (".nii.gz", ".nii"):
        image = _open_nifti(path)
        shape = image.shape[:3]
        affine = np.asarray(image.affine, dtype=np.float64)[:, [2, 1, 0, 3]]
    else:
        image = _simpleitk_reader(path)
        shape, affine = image.GetSize(), _affine_of(image)
    if len(shape) != 3:
        raise NotAVolumeError(f"{path} has {len(shape)} dimensions: give a 3D label map")
    if not np.isfinite(affine).all() or abs(np.linalg.det(affine[:3, :3])) < 1e-9:
        raise GeometryError(f"{path} has an orientation matrix without volume (singular): export it again")
    depth, height, width = (int(size) for size in reversed(shape))
    return Grid((depth, height, width), affine)


def read_map(path: Path) -> NDArray[np.float32]:
    """Read a map (D, H, W), or one per class or sample (C, D, H, W), as float32.

    Raises
    ------
    UnreadableInputError
        The file is truncated or corrupt.
    """
    return np.ascontiguousarray(_read_array(path), dtype=np.float32)


def read_labels(path: Path, classes: int) -> NDArray[np.uint8]:
    """Read a label map (D, H, W), or several (M, D, H, W), of labels below `classes`.

    Raises
    ------
    UnreadableInputError
        The file is truncated or corrupt.
    NotAVolumeError
        A value is no label.
    """
    array = _read_array(path)
    low, high = float(array.min()), float(array.max())
    if not (low >= 0 and high < classes):  # also where they are not numbers
        value = low if not low >= 0 else high
        raise NotAVolumeError(
            f"{path} holds the value {value:g}, but labels run from 0 to {classes - 1}: check file and class names"
        )
    labels = array.astype(np.uint8)
    if array.dtype.kind == "f" and not np.array_equal(labels, array):
        raise NotAVolumeError(f"{path} holds values between whole numbers: give a label map, not probabilities")
    return np.ascontiguousarray(labels)


def _read_array(path: Path) -> NDArray[Any]:
    """Read (D, H, W), or (C, D, H, W) from a 4D NIfTI file."""
    if ending_of(path) not in (".nii.gz", ".nii"):
        import SimpleITK

        try:
            return np.asarray(SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(path))))
        except RuntimeError as error:
            raise _unreadable(path) from error
    try:
        array = np.asanyarray(_open_nifti(path).dataobj).T
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise _unreadable(path) from error
    return array[0] if array.ndim == 4 and array.shape[0] == 1 else array


def _open_nifti(path: Path) -> Any:
    import nibabel
    from nibabel.filebasedimages import ImageFileError
    from nibabel.spatialimages import HeaderDataError
    from nibabel.wrapstruct import WrapStructError

    try:
        return nibabel.load(path)
    except (
        OSError,
        EOFError,
        ValueError,
        zlib.error,
        ImageFileError,
        HeaderDataError,
        WrapStructError,
    ) as error:
        raise _unreadable(path) from error


def _simpleitk_reader(path: Path) -> Any:
    import SimpleITK

    reader = SimpleITK.ImageFileReader()
    reader.SetFileName(str(path))
    try:
        reader.ReadImageInformation()
    except RuntimeError as error:
        raise _unreadable(path) from error
    return reader


def _affine_of(reader: Any) -> NDArray[np.float64]:
    """Return index (slice, row, column) to R, A, S of what SimpleITK has read; its own axes are L, P, S."""
    affine = np.eye(4)
    if reader.GetDimension() == 3:
        columns = np.asarray(reader.GetDirection(), dtype=np.float64).reshape(3, 3) * np.asarray(reader.GetSpacing())
        affine[:3, :3], affine[:3, 3] = columns[:, ::-1], reader.GetOrigin()
    return np.diag([-1.0, -1.0, 1.0, 1.0]) @ affine


def _unreadable(path: Path) -> UnreadableInputError:
    return UnreadableInputError(f"{path} is missing, truncated or corrupt: copy or make it again")
