"""Surfaces made one by one are those that Slicer makes all at once."""

import numpy as np
import slicer
from vtk.util.numpy_support import vtk_to_numpy

from harness.result_in_scene import add_result
from HemorrhageUncertaintyLib.step_runner import allSteps
from HemorrhageUncertaintyLib.views import showSurfaces, surfaceSteps


def points_of(segmentation):
    """Return the points of each segment's surface, by its ID."""
    segments = segmentation.GetSegmentation()
    surfaces = {name: segments.GetSegment(name).GetRepresentation("Closed surface") for name in segments.GetSegmentIDs()}
    return {name: vtk_to_numpy(surface.GetPoints().GetData()) for name, surface in surfaces.items()}


def test_one_by_one_or_all_at_once(tmp_path):
    one, all_ = (add_result(tmp_path / name).segmentation for name in "12")
    showSurfaces(all_)
    allSteps(surfaceSteps(one))
    showSurfaces(one)
    expected, found = points_of(all_), points_of(one)
    assert list(found) == list(expected) == ["IPH", "SAH", "SDH"]
    for name in expected:
        np.testing.assert_allclose(found[name], expected[name], atol=1e-3)
    assert one.GetDisplayNode().GetVisibility3D()


def test_segment_that_is_edited_meanwhile_gets_its_present_surface(tmp_path):
    segmentation = add_result(tmp_path / "result").segmentation
    steps = surfaceSteps(segmentation)
    next(steps)
    labels = slicer.util.arrayFromSegmentInternalBinaryLabelmap(segmentation, "IPH")
    labels[labels == 2] = 0
    segmentation.GetSegmentation().GetSegment("IPH").GetRepresentation("Binary labelmap").Modified()
    allSteps(steps)
    showSurfaces(segmentation)
    assert segmentation.GetClosedSurfaceInternalRepresentation("IPH").GetNumberOfPoints() == 0
