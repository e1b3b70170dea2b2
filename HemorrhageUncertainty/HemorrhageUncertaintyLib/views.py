"""How a result looks in slice views: window, outlines, and going to a place."""

from __future__ import annotations

from collections.abc import Sequence

import slicer

OUTLINE_OPACITY, FILL_OPACITY = 1.0, 0.15
#: Width of the outline in pixels: one pixel is lost in the colors of a heat map.
OUTLINE_WIDTH = 2
#: Brain window in HU.
BRAIN_WINDOW, BRAIN_LEVEL = 80.0, 40.0


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
