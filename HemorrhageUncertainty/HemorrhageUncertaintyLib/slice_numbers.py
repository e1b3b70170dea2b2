"""In which slice of the CT a finding lies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import slicer
import vtk

from hemorrhage.anatomical_axes import AnatomicalAxes

from .voxel_lattice import index_to_ras


def sliceNumbers(ct: Any, rows: Sequence[Mapping]) -> list[int]:
    """Return the slice of each finding in the CT node, counted from 1.

    The engine counts the slices of what it was given. Under a transform that is not linear this can be an interpolated copy, so
    that the slice of the CT node is looked up by the finding's place.

    Parameters
    ----------
    ct : vtkMRMLScalarVolumeNode or None
        Without it the engine's count is all that is known.
    rows : sequence of mapping
        Lesions or places of the engine's ``result.json``.
    """
    parent = ct.GetParentTransformNode() if ct is not None else None
    if parent is None or parent.IsTransformToWorldLinear():
        return [row["nearest_slice"] + 1 for row in rows]
    fromWorld = vtk.vtkGeneralTransform()
    slicer.vtkMRMLTransformNode.GetTransformBetweenNodes(None, parent, fromWorld)
    toIJK = vtk.vtkMatrix4x4()
    ct.GetRASToIJKMatrix(toIJK)
    # Of (slice, row, column), which Slicer counts the other way round.
    axis = 2 - AnatomicalAxes.of(index_to_ras(ct)).superior
    last = ct.GetImageData().GetDimensions()[axis] - 1
    places = [toIJK.MultiplyPoint([*fromWorld.TransformPoint(row["centre_ras"]), 1.0])[axis] for row in rows]
    return [min(max(round(place), 0), last) + 1 for place in places]
