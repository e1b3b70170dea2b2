"""Where two segmentations of one CT agree, voxel by voxel."""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import Any

import numpy as np
import slicer
import vtk
from numpy.typing import NDArray
from vtk.util.numpy_support import vtk_to_numpy

from .hemorrhage_result import HemorrhageResult
from .segment_voxels import SegmentVoxels, segmentOf, segmentVoxels
from .tables import TOTAL


def diceSteps(first: HemorrhageResult, second: HemorrhageResult) -> Generator[None, None, dict[str, float]]:
    """Return the Dice coefficient of each subtype that both results know, and of any hemorrhage as ``total``.

    Dice = 2 V(A and B) / (V(A) + V(B)), in world space, of the segmentations as they are now, edits included. A voxel belongs to
    both where its center does. NaN where neither side has the subtype: there is nothing to overlap.

    Parameters
    ----------
    first, second : HemorrhageResult
        Of one CT, so that their segmentations are under the same parent transform.
    """
    subtypes, others = (result.summary["classes"][1:] for result in (first, second))
    found: dict[str, float] = {}
    total = common = 0.0
    for subtype in others:
        total += _volumeMl(_voxels(second.segmentation, subtype))
        yield
    for subtype in subtypes:
        voxels = _voxels(first.segmentation, subtype)
        total += _volumeMl(voxels)
        shared = 0.0
        if voxels is not None:
            in_other = {other: _contains(second.segmentation, other, voxels.local) for other in others}
            shared = float(voxels.volumesMl[in_other[subtype]].sum()) if subtype in in_other else 0.0
            common += float(voxels.volumesMl[np.any(list(in_other.values()), axis=0)].sum())
        if subtype in others:
            sizes = _volumeMl(voxels) + _volumeMl(_voxels(second.segmentation, subtype))
            found[subtype] = _dice(shared, sizes)
        yield
    found[TOTAL] = _dice(common, total)
    return found


def _dice(common: float, sizes: float) -> float:
    return 2 * common / sizes if sizes > 0 else math.nan


def _volumeMl(voxels: SegmentVoxels | None) -> float:
    return voxels.volumeMl if voxels is not None else 0.0


def _voxels(node: Any, subtype: str) -> SegmentVoxels | None:
    identifier = segmentOf(node, subtype) if node is not None else None
    return segmentVoxels(node, identifier) if identifier is not None else None


def _contains(node: Any, subtype: str, points: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether points (N, 3), R, A, S in mm in the node's own space, lie in voxels of a segment."""
    identifier = segmentOf(node, subtype) if node is not None else None
    image = node.GetBinaryLabelmapInternalRepresentation(identifier) if identifier is not None else None
    if image is None or image.GetPointData().GetScalars() is None or image.GetNumberOfPoints() == 0:
        return np.zeros(len(points), dtype=bool)
    matrix = vtk.vtkMatrix4x4()
    image.GetWorldToImageMatrix(matrix)
    toIndex = slicer.util.arrayFromVTKMatrix(matrix)
    index = np.rint(points @ toIndex[:3, :3].T + toIndex[:3, 3]).astype(np.int64) - np.array(image.GetExtent()[::2])
    size = np.array(image.GetDimensions())
    inside = ((index >= 0) & (index < size)).all(axis=1)
    column, row, number = index[inside].T
    values = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(size[::-1])
    result = np.zeros(len(points), dtype=bool)
    result[inside] = values[number, row, column] == node.GetSegmentation().GetSegment(identifier).GetLabelValue()
    return result
