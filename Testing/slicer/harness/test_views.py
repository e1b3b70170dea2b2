"""Views show what the real displayable managers draw, where it belongs."""

from __future__ import annotations

import numpy as np
import pytest
import slicer
import slicer.util

LETTERS_SIZE = 3  # vtkMRMLAbstractViewNode::OrientationMarkerSizeLarge


@pytest.fixture
def layout_manager():
    manager = slicer.app.layoutManager()
    manager.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView)
    return manager


@pytest.fixture
def ct():
    """A CT of 12 x 40 x 40 voxels, 2 mm, in which the patient's right is bright."""
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "CT")
    array = np.full((12, 40, 40), 100, np.int16)
    array[:, :, :20] = 900  # the index runs to the left of the patient below
    slicer.util.updateVolumeFromArray(node, array)
    node.SetSpacing(2, 2, 2)
    node.SetIJKToRASDirections(-1, 0, 0, 0, -1, 0, 0, 0, 1)
    node.SetOrigin(39, 39, -11)
    node.CreateDefaultDisplayNodes()
    display = node.GetDisplayNode()
    display.SetAutoWindowLevel(False)
    display.SetWindowLevel(1000, 500)
    slicer.util.setSliceViewerLayers(background=node, fit=True)
    return node


def test_names_and_numbers_of_views(layout_manager):
    assert set(layout_manager.sliceViewNames()) >= {"Red", "Green", "Yellow"}
    assert layout_manager.threeDViewCount >= 1
    assert layout_manager.sliceWidget("Red").mrmlSliceNode().GetOrientation() == "Axial"
    assert layout_manager.sliceWidget("Mauve") is None


def test_right_of_the_patient_is_on_the_left(layout_manager, ct):
    pixels = layout_manager.sliceView("Red").pixels()
    height, width, _ = pixels.shape
    assert pixels[height // 2, width // 4].mean() == pytest.approx(0.9 * 255, abs=1)
    assert pixels[height // 2, 3 * width // 4].mean() == pytest.approx(0.1 * 255, abs=1)


def test_orientation_cube_changes_the_picture(layout_manager, ct):
    view = layout_manager.sliceView("Red")
    before = view.pixels()
    view.node.SetOrientationMarkerType(view.node.OrientationMarkerTypeCube)
    view.node.SetOrientationMarkerSize(LETTERS_SIZE)
    after = view.pixels()
    assert (before != after).any(axis=-1).sum() > 500
    assert (before != after).any(axis=-1)[:100, :100].sum() == 0  # only in its corner


def test_segment_is_drawn_where_it_is(layout_manager, ct):
    labels = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode")
    array = np.zeros((12, 40, 40), np.uint8)
    array[:, 5:15, 25:35] = 1  # in front, on the patient's left: upper right
    slicer.util.updateVolumeFromArray(labels, array)
    labels.CopyOrientation(ct)
    segmentation = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    segmentation.CreateDefaultDisplayNodes()
    slicer.modules.segmentations.logic().ImportLabelmapToSegmentationNode(labels, segmentation)
    segmentation.GetSegmentation().GetNthSegment(0).SetColor(1, 0, 0)
    pixels = layout_manager.sliceView("Red").pixels().astype(int)
    red = pixels[..., 0] > pixels[..., 1] + 50
    rows, columns = np.nonzero(red)
    height, width = red.shape
    assert (rows < height / 2).all()
    assert (columns > width / 2).all()


def test_surface_is_seen_in_3d(layout_manager, ct):
    test_segment_is_drawn_where_it_is(layout_manager, ct)
    segmentation = slicer.util.getNodesByClass("vtkMRMLSegmentationNode")[0]
    segmentation.CreateClosedSurfaceRepresentation()
    view = layout_manager.threeDView()
    layout_manager.resetThreeDViews()
    pixels = view.pixels().astype(int)
    red = pixels[..., 0] > pixels[..., 1] + 50
    height, width = red.shape
    assert red[height // 2, width // 2]


def test_new_layout_brings_its_views(layout_manager):
    heard = []
    layout_manager.layoutChanged.connect(heard.append)
    layout_manager.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutDual3DView)
    assert heard == [slicer.vtkMRMLLayoutNode.SlicerLayoutDual3DView]
    assert layout_manager.threeDViewCount == 2
    assert layout_manager.threeDView(1).pixels().shape == (400, 400, 3)
    layout_manager.layoutChanged.disconnect(heard.append)


def test_views_survive_a_closed_scene(layout_manager, ct, scene):
    view = layout_manager.sliceView("Red")
    scene.Clear(False)
    assert layout_manager.sliceView("Red") is view
    assert view.pixels().max() < 60
    assert view.composite.GetBackgroundVolumeID() is None


def test_widgets_have_nothing_that_was_made_up(layout_manager):
    widget = layout_manager.sliceWidget("Red")
    with pytest.raises(AttributeError, match="makeMagic"):
        widget.makeMagic()
    with pytest.raises(AttributeError, match="colour"):
        widget.sliceView().colour = "red"
