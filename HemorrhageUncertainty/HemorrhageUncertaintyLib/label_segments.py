"""A label map as a segmentation node: one segment per class that is present, under stable IDs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import slicer
import vtk
from numpy.typing import NDArray

from .terminology import classColor, terminologyEntry

_BINARY_LABELMAP = "Binary labelmap"


def placeLikeCT(node: Any, ct: Any) -> None:
    """Put a node under the CT's parent transform; a volume node also gets the CT's own grid."""
    parent = ct.GetParentTransformNode()
    node.SetAndObserveTransformNodeID(parent.GetID() if parent is not None else None)
    if node.IsA("vtkMRMLVolumeNode"):
        matrix = vtk.vtkMatrix4x4()
        ct.GetIJKToRASMatrix(matrix)
        node.SetIJKToRASMatrix(matrix)


def fillSegmentation(segmentationNode: Any, labels: NDArray[np.uint8], classes: Sequence[str], ct: Any) -> None:
    """Replace all segments of a node by those of a label map on the CT node's own voxels.

    The parent transform is set first: a label map is understood in the space in which its segmentation already is. All segments
    share one image, cut to where there are labels, so that importing a whole CT takes no longer than a glance.

    Parameters
    ----------
    segmentationNode : vtkMRMLSegmentationNode
    labels : (D, H, W) uint8
    classes : sequence of str
        Class names, index = label value; the names become the segments' IDs. Absent classes get no segment.
    ct : vtkMRMLScalarVolumeNode
    """
    placeLikeCT(segmentationNode, ct)
    segmentation = segmentationNode.GetSegmentation()
    blocker = slicer.util.NodeModify(segmentationNode)
    with blocker:
        segmentation.RemoveAllSegments()
        segmentationNode.SetReferenceImageGeometryParameterFromVolumeNode(ct)
        segmentation.SetSourceRepresentationName(_BINARY_LABELMAP)
        box = _box(labels)
        if box is None:
            return
        cut = np.ascontiguousarray(labels[box])
        image = _orientedImage(cut, box, ct)
        for label in np.flatnonzero(np.bincount(cut.ravel(), minlength=len(classes))):
            if label == 0:
                continue
            segment = slicer.vtkSegment()
            segment.SetName(classes[label])
            segment.SetColor(*classColor(classes[label]))
            segment.SetTerminology(terminologyEntry(classes[label]))
            segment.SetLabelValue(int(label))
            segment.AddRepresentation(_BINARY_LABELMAP, image)
            segmentation.AddSegment(segment, classes[label])


def _box(labels: NDArray[np.uint8]) -> tuple[slice, slice, slice] | None:
    """Slices, rows and columns that hold all labels; None without labels."""
    in_slice = np.array([plane.any() for plane in labels])
    if not in_slice.any():
        return None
    first, last = (int(n) for n in np.flatnonzero(in_slice)[[0, -1]])
    flat = labels[first : last + 1].any(axis=0)
    rows, columns = (np.flatnonzero(flat.any(axis=axis)) for axis in (1, 0))
    return slice(first, last + 1), slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def _orientedImage(cut: NDArray[np.uint8], box: tuple[slice, slice, slice], ct: Any) -> Any:
    """A label image whose extent says where in the CT's grid it lies."""
    from vtk.util.numpy_support import numpy_to_vtk

    matrix = vtk.vtkMatrix4x4()
    ct.GetIJKToRASMatrix(matrix)
    image = slicer.vtkOrientedImageData()
    image.SetExtent(*(edge for side in reversed(box) for edge in (side.start, side.stop - 1)))
    scalars = numpy_to_vtk(cut.ravel(), deep=True, array_type=vtk.VTK_UNSIGNED_CHAR)
    scalars.SetName("ImageScalars")
    image.GetPointData().SetScalars(scalars)
    image.SetImageToWorldMatrix(matrix)
    return image
