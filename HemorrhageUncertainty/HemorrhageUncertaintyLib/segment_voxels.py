"""The voxels of one segment, wherever its label map lies: their mask, their places and their volumes in world space."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import slicer
import vtk
from numpy.typing import NDArray
from vtk.util.numpy_support import numpy_to_vtk, vtk_to_numpy


@dataclass(frozen=True, eq=False)
class SegmentVoxels:
    """Voxels of one segment.

    Attributes
    ----------
    mask : (d, h, w) bool
        The segment within its own bounding box.
    local : (N, 3) float64
        R, A, S in mm of its voxels in the segmentation's own space, in array order.
    localVoxelMl : float
        Volume of a voxel in the segmentation's own space, in mL.
    volumesMl : (N,) float64
        Volume of each voxel in world space, in mL.
    """

    mask: NDArray[np.bool_]
    local: NDArray[np.float64]
    localVoxelMl: float
    volumesMl: NDArray[np.float64]

    @property
    def volumeMl(self) -> float:
        """Volume of the segment in world space, in mL."""
        return float(self.volumesMl.sum())


def segmentOf(segmentation, subtype: str) -> str | None:
    """Return the ID of a subtype's segment, found by ID or, for one that a user added, by name; None if there is none."""
    segments = segmentation.GetSegmentation()
    if segments.GetSegment(subtype) is not None:
        return subtype
    return segments.GetSegmentIdBySegmentName(subtype) or None


def segmentVoxels(segmentation, segmentID: str) -> SegmentVoxels | None:
    """Return a segment's voxels, or None where it has none.

    A linear parent transform multiplies every voxel's volume by the same number: what Segment Statistics finds once the
    transform is hardened (before, it leaves the transform out). Under another transform each voxel has its own volume: that of
    the parallelepiped between the transformed centers of its faces.
    """
    image = segmentation.GetBinaryLabelmapInternalRepresentation(segmentID)
    if image is None or image.GetPointData().GetScalars() is None or image.GetNumberOfPoints() == 0:
        return None
    extent = image.GetExtent()
    array = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(image.GetDimensions()[::-1])
    mask = array == segmentation.GetSegmentation().GetSegment(segmentID).GetLabelValue()
    indices = np.argwhere(mask)
    if indices.size == 0:
        return None
    first, last = indices.min(axis=0), indices.max(axis=0) + 1
    box = tuple(slice(a, b) for a, b in zip(first, last, strict=True))
    matrix = vtk.vtkMatrix4x4()
    image.GetImageToWorldMatrix(matrix)
    affine = slicer.util.arrayFromVTKMatrix(matrix)[:, [2, 1, 0, 3]]
    local = (indices + np.array(extent[4::-2])) @ affine[:3, :3].T + affine[:3, 3]
    voxelMl = abs(float(np.linalg.det(affine[:3, :3]))) / 1000.0
    volumes = _worldVolumes(segmentation.GetParentTransformNode(), local, affine[:3, :3], voxelMl)
    return SegmentVoxels(mask[box].copy(), local, voxelMl, volumes)


def toWorld(node, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Carry points (N, 3) from a node's own space through its parent transform to world space, R, A, S in mm."""
    parent = node.GetParentTransformNode()
    if parent is None or len(points) == 0:
        return points
    transform = vtk.vtkGeneralTransform()
    slicer.vtkMRMLTransformNode.GetTransformBetweenNodes(parent, None, transform)
    return _transformed(points, transform)


def _worldVolumes(parent: Any, local: NDArray[np.float64], columns: NDArray[np.float64], voxelMl: float) -> NDArray[np.float64]:
    if parent is None:
        return np.full(len(local), voxelMl)
    if parent.IsTransformToWorldLinear():
        matrix = vtk.vtkMatrix4x4()
        parent.GetMatrixTransformToWorld(matrix)
        return np.full(len(local), voxelMl * abs(matrix.Determinant()))
    transform = vtk.vtkGeneralTransform()
    slicer.vtkMRMLTransformNode.GetTransformBetweenNodes(parent, None, transform)
    edges = [
        _transformed(local + columns[:, axis] / 2, transform) - _transformed(local - columns[:, axis] / 2, transform)
        for axis in range(3)
    ]
    return np.abs(np.linalg.det(np.stack(edges, axis=-1))) / 1000.0


def _transformed(points: NDArray[np.float64], transform: Any) -> NDArray[np.float64]:
    source, target = vtk.vtkPoints(), vtk.vtkPoints()
    source.SetData(numpy_to_vtk(np.ascontiguousarray(points), deep=True))
    target.SetDataTypeToDouble()
    transform.TransformPoints(source, target)
    return vtk_to_numpy(target.GetData()).astype(np.float64)
