"""A CT under a curved transform, put on a grid along the patient's axes in world space, as coarse as its 3D picture allows."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import numpy as np
import slicer
import vtk
from numpy.typing import NDArray
from vtk.util.numpy_support import vtk_to_numpy

from hemorrhage.reading.padding import AIR_HU

from .voxel_lattice import voxel_lattice

#: No finer than this, in mm: a rendered head is some 200 mm in a few hundred pixels.
_FINEST_MM = 0.9
#: So many voxels are interpolated in one step, which takes some 50 ms.
_VOXELS_A_STEP = 300_000


def uprightSteps(ct: Any) -> Generator[None, None, tuple[Any, NDArray[np.float64]]]:
    """Return the CT's voxels, interpolated a few slices a step, and the grid that they are on; the CT is not changed.

    Parameters
    ----------
    ct : vtkMRMLScalarVolumeNode

    Returns
    -------
    vtkImageData
        Air outside of the CT; it has neither origin nor spacing, as a volume node wants it.
    (4, 4) float64
        (column, row, slice, 1) to world, R, A, S in mm: the axes of the grid are those of the patient.
    """
    toGrid, size = _grid(ct)
    toIndex = _worldToIndex(ct)
    values = ct.GetImageData()
    image = vtk.vtkImageData()
    image.SetDimensions(*size)
    image.AllocateScalars(values.GetScalarType(), 1)
    whole = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(size[::-1])
    step = max(1, _VOXELS_A_STEP // (size[0] * size[1]))
    for first in range(0, size[2], step):
        last = min(first + step, size[2]) - 1
        reslice = vtk.vtkImageReslice()
        reslice.SetInputData(values)
        reslice.SetResliceTransform(toIndex)
        reslice.SetInterpolationModeToLinear()
        reslice.SetBackgroundLevel(AIR_HU)
        reslice.SetOutputOrigin(*toGrid[:3, 3])
        reslice.SetOutputSpacing(*np.diag(toGrid)[:3])
        reslice.SetOutputExtent(0, size[0] - 1, 0, size[1] - 1, first, last)
        reslice.Update()
        slab = reslice.GetOutput().GetPointData().GetScalars()
        whole[first : last + 1] = vtk_to_numpy(slab).reshape(last + 1 - first, *size[1::-1])
        yield
    return image, toGrid


def _grid(ct: Any) -> tuple[NDArray[np.float64], tuple[int, int, int]]:
    """Return the grid's matrix, and its columns, rows and slices: around all voxels, as fine as they are along each axis."""
    lattice = voxel_lattice(ct)
    low, high = lattice.points.min(axis=(0, 1, 2)), lattice.points.max(axis=(0, 1, 2))
    steps = lattice.affine[:3, :3]
    along = np.abs(steps / np.linalg.norm(steps, axis=0)).argmax(axis=1)
    spacing = np.maximum(np.linalg.norm(steps, axis=0)[along], _FINEST_MM)
    columns, rows, slices = (int(np.ceil(length)) + 1 for length in (high - low) / spacing)
    matrix = np.diag([*spacing, 1.0])
    matrix[:3, 3] = low
    return matrix, (columns, rows, slices)


def _worldToIndex(ct: Any) -> Any:
    toIndex = vtk.vtkGeneralTransform()
    slicer.vtkMRMLTransformNode.GetTransformBetweenNodes(None, ct.GetParentTransformNode(), toIndex)
    matrix = vtk.vtkMatrix4x4()
    ct.GetRASToIJKMatrix(matrix)
    toIndex.PostMultiply()
    toIndex.Concatenate(matrix)
    return toIndex
