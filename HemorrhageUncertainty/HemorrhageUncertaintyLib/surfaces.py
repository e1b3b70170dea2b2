"""Segments as closed surfaces in 3D, made one by one and no finer than needed."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import numpy as np
import slicer
import vtk
from numpy.typing import NDArray
from vtk.util.numpy_support import numpy_to_vtk, vtk_to_numpy

SURFACE_OPACITY = 1.0
#: Faces between voxels of a segment and others, from which on it is made coarser within its slices: smoothing and drawing more
#: would take longer than a tenth of a second, and nobody sees half millimeters in 3D.
MOST_FACES = 25_000
_BINARY_LABELMAP, _CLOSED_SURFACE = "Binary labelmap", "Closed surface"


def showSurfaces(segmentation, visible: bool = True) -> None:
    """Show segments in 3D as closed surfaces, which are made when first asked for and then follow edits."""
    segmentation.CreateDefaultDisplayNodes()
    display = segmentation.GetDisplayNode()
    if visible and segmentation.GetSegmentation().GetNumberOfSegments():
        segmentation.CreateClosedSurfaceRepresentation()
        display.SetPreferredDisplayRepresentationName3D(_CLOSED_SURFACE)
        display.SetOpacity3D(SURFACE_OPACITY)
    display.SetVisibility3D(visible)


def surfaceSteps(segmentation) -> Generator[None, None, None]:
    """Make the closed surfaces that `showSurfaces` would make all at once, one segment a step, without showing them.

    A large segment's surface is made of a coarser image of it (`MOST_FACES`); once it is edited, Slicer makes the full one.
    """
    segments = segmentation.GetSegmentation()
    if segments.ContainsRepresentation(_CLOSED_SURFACE):
        return
    made = []
    for identifier in segments.GetSegmentIDs():
        segment = segments.GetSegment(identifier)
        if segment is None:  # removed meanwhile
            continue
        version = segment.GetRepresentation(_BINARY_LABELMAP).GetMTime()
        image = _coarseImage(segment)
        yield
        copy, alone = slicer.vtkSegment(), slicer.vtkSegmentation()
        copy.SetLabelValue(1)
        copy.AddRepresentation(_BINARY_LABELMAP, image)
        alone.SetSourceRepresentationName(_BINARY_LABELMAP)
        alone.CopyConversionParameters(segments)
        alone.AddSegment(copy, identifier)
        alone.CreateRepresentation(_CLOSED_SURFACE)
        made.append((identifier, version, copy.GetRepresentation(_CLOSED_SURFACE)))
        yield
    for identifier, version, surface in made:
        segment = segments.GetSegment(identifier)
        # One that was edited meanwhile gets its surface from Slicer itself.
        if segment is not None and segment.GetRepresentation(_BINARY_LABELMAP).GetMTime() == version:
            segment.AddRepresentation(_CLOSED_SURFACE, surface)


def coarser(mask: NDArray[np.bool_], most: int = MOST_FACES) -> tuple[NDArray[np.bool_], int]:
    """Return a mask (D, H, W) of which so many rows and columns were made one that it has no more faces, and that number.

    Blocks are full where at least half of them is, so that the volume stays about the same.
    """
    faces = sum(int(np.count_nonzero(np.diff(mask, axis=axis))) for axis in range(3))
    factor = max(1, int(np.ceil(np.sqrt(faces / most))))
    if factor == 1:
        return mask, 1
    padding = [(0, 0)] + [(0, -size % factor) for size in mask.shape[1:]]
    padded = np.pad(mask, padding)
    depth, height, width = padded.shape
    blocks = padded.reshape(depth, height // factor, factor, width // factor, factor)
    return blocks.sum(axis=(2, 4), dtype=np.uint16) * 2 >= factor * factor, factor


def _coarseImage(segment) -> Any:
    """Return a segment alone as a binary label image, cut to where it is, and coarser where it is large."""
    shared = segment.GetRepresentation(_BINARY_LABELMAP)
    extent = shared.GetExtent()
    shape = tuple(extent[2 * axis + 1] - extent[2 * axis] + 1 for axis in (2, 1, 0))
    mask = vtk_to_numpy(shared.GetPointData().GetScalars()).reshape(shape) == segment.GetLabelValue()
    box = [np.flatnonzero(mask.any(axis=tuple({0, 1, 2} - {axis}))) for axis in range(3)]
    first = [int(indices[0]) if indices.size else 0 for indices in box]
    end = [int(indices[-1]) + 1 if indices.size else 0 for indices in box]
    # One voxel of margin: a surface closes only inside of its image.
    mask, factor = coarser(np.pad(mask[tuple(map(slice, first, end))], 1))
    # Index of the first block's middle among the shared image's voxels; columns, rows, slices.
    middle = [start - 1 + extent[2 * axis] for axis, start in enumerate(reversed(first))]
    offset = [middle[0] + (factor - 1) / 2, middle[1] + (factor - 1) / 2, middle[2]]
    toWorld, place = vtk.vtkMatrix4x4(), vtk.vtkMatrix4x4()
    shared.GetImageToWorldMatrix(toWorld)
    for axis, (shift, scale) in enumerate(zip(offset, (factor, factor, 1), strict=True)):
        place.SetElement(axis, axis, scale)
        place.SetElement(axis, 3, shift)
    vtk.vtkMatrix4x4.Multiply4x4(toWorld, place, place)
    image = slicer.vtkOrientedImageData()
    image.SetDimensions(*reversed(mask.shape))
    scalars = numpy_to_vtk(mask.ravel().astype(np.uint8), deep=True, array_type=vtk.VTK_UNSIGNED_CHAR)
    image.GetPointData().SetScalars(scalars)
    image.SetImageToWorldMatrix(place)
    return image
