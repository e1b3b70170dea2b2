"""Surfaces made one by one are those that Slicer makes all at once."""

import numpy as np
import pytest
import slicer
from vtk.util.numpy_support import vtk_to_numpy

from harness.result_in_scene import add_result
from HemorrhageUncertaintyLib import surfaces
from HemorrhageUncertaintyLib.step_runner import allSteps
from HemorrhageUncertaintyLib.surfaces import coarser, showSurfaces, surfaceSteps


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


def test_surface_of_a_large_segment_is_coarser_and_in_its_place(tmp_path, monkeypatch):
    fine, coarse = (add_result(tmp_path / name, shape=(16, 96, 96)).segmentation for name in "12")
    showSurfaces(fine)
    monkeypatch.setattr(surfaces, "coarser", lambda mask: coarser(mask, 300))
    allSteps(surfaceSteps(coarse))
    showSurfaces(coarse)
    expected, found = points_of(fine)["IPH"], points_of(coarse)["IPH"]
    assert len(found) < 0.4 * len(expected)
    np.testing.assert_allclose(found.mean(axis=0), expected.mean(axis=0), atol=1.0)
    np.testing.assert_allclose(np.ptp(found, axis=0), np.ptp(expected, axis=0), rtol=0.15)


@pytest.mark.parametrize("shape", [(6, 40, 40), (5, 41, 43)])
def test_coarser_masks_keep_their_volume(shape):
    z, y, x = np.indices(shape)
    mask = (z - 3) ** 2 * 16 + (y - 20) ** 2 + (x - 20) ** 2 < 15**2
    faces = sum(np.count_nonzero(np.diff(mask, axis=axis)) for axis in range(3))
    blocks, factor = coarser(mask, faces // 4 + 1)
    assert factor == 2
    assert blocks.shape == (shape[0], -(-shape[1] // 2), -(-shape[2] // 2))
    assert 4 * np.count_nonzero(blocks) == pytest.approx(np.count_nonzero(mask), rel=0.05)
    assert coarser(mask, faces)[1] == 1
