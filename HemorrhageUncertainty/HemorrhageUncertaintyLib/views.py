"""How a result looks in slice and 3D views: outlines, surfaces, the head around them, and going to a place."""

from __future__ import annotations

from collections.abc import Generator, Sequence

import slicer

OUTLINE_OPACITY, FILL_OPACITY, SURFACE_OPACITY = 1.0, 0.15, 1.0
#: Width of the outline in pixels: one pixel is lost in the colors of a heat map.
OUTLINE_WIDTH = 2
#: Brain window in HU.
BRAIN_WINDOW, BRAIN_LEVEL = 80.0, 40.0
_BINARY_LABELMAP, _CLOSED_SURFACE = "Binary labelmap", "Closed surface"


def showBrainWindow(ct) -> None:
    """Show a CT in the brain window, in which hemorrhage is read."""
    ct.CreateDefaultDisplayNodes()
    display = ct.GetDisplayNode()
    display.AutoWindowLevelOff()
    display.SetWindowLevel(BRAIN_WINDOW, BRAIN_LEVEL)


def showOutlines(segmentation, visible: bool = True) -> None:
    """Show segments in slices as an outline with a faint fill, so that the CT underneath can be judged."""
    segmentation.CreateDefaultDisplayNodes()
    display = segmentation.GetDisplayNode()
    wasModifying = display.StartModify()
    display.SetVisibility(True)
    display.SetVisibility2D(visible)
    display.SetVisibility2DOutline(True)
    display.SetVisibility2DFill(True)
    display.SetOpacity2DOutline(OUTLINE_OPACITY)
    display.SetOpacity2DFill(FILL_OPACITY)
    display.SetSliceIntersectionThickness(OUTLINE_WIDTH)
    display.EndModify(wasModifying)


def showSlices(segmentation, visible: bool = True) -> None:
    """Show or hide segments in slices, and change nothing else of how they look."""
    segmentation.CreateDefaultDisplayNodes()
    display = segmentation.GetDisplayNode()
    if visible:
        display.SetVisibility(True)
    display.SetVisibility2D(visible)


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
    """Make the closed surfaces that `showSurfaces` would make all at once, one segment a step, without showing them."""
    segments = segmentation.GetSegmentation()
    if segments.ContainsRepresentation(_CLOSED_SURFACE):
        return
    made = []
    for identifier in segments.GetSegmentIDs():
        segment = segments.GetSegment(identifier)
        if segment is None:  # removed meanwhile
            continue
        version = segment.GetRepresentation(_BINARY_LABELMAP).GetMTime()
        copy, alone = slicer.vtkSegment(), slicer.vtkSegmentation()
        copy.DeepCopy(segment)
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


def jumpTo(ras: Sequence[float], *, centered: bool = True, crosshair: bool = True) -> None:
    """Bring every slice view to a place, and mark it.

    Parameters
    ----------
    ras : (3,) sequence of float
        R, A, S in mm, in world space.
    centered : bool
        Whether the place comes to the middle of the views; else only the slices change.
    crosshair : bool
        Whether the crosshair shows the place; it is turned on if it was off.
    """
    mode = slicer.vtkMRMLSliceNode.CenteredJumpSlice if centered else slicer.vtkMRMLSliceNode.OffsetJumpSlice
    r, a, s = (float(value) for value in ras)
    slicer.vtkMRMLSliceNode.JumpAllSlices(slicer.mrmlScene, r, a, s, mode)
    node = slicer.mrmlScene.GetSingletonNode("default", "vtkMRMLCrosshairNode")
    if node is None or not crosshair:
        return
    if node.GetCrosshairMode() == slicer.vtkMRMLCrosshairNode.NoCrosshair:
        node.SetCrosshairMode(slicer.vtkMRMLCrosshairNode.ShowSmallBasic)
    node.SetCrosshairRAS(r, a, s)  # last: 3D views build the crosshair in the middle when it is turned on
