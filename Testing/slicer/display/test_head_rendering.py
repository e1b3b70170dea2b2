"""The head in 3D: made once, straight where the CT is not, gone without a trace."""

import numpy as np
import pytest
import slicer
import vtk
from scipy import ndimage

from harness.result_in_scene import add_ct
from harness.synthetic_segmentation import synthetic_segmentation
from HemorrhageUncertaintyLib import upright_copy
from HemorrhageUncertaintyLib.head_rendering import isHeadShown, removeHead, showHead, showHeadSteps
from HemorrhageUncertaintyLib.voxel_lattice import interpolation_weights, voxel_lattice


@pytest.fixture
def ct():
    return add_ct(synthetic_segmentation())


def test_shown_and_hidden_without_new_nodes(ct):
    assert showHead(ct, False) is None
    assert not isHeadShown(ct)
    display = showHead(ct)
    assert display.GetVisibility()
    assert isHeadShown(ct)
    before = slicer.mrmlScene.GetNumberOfNodes()
    for _round in range(3):
        assert showHead(ct, False) is display
        assert not isHeadShown(ct)
        assert showHead(ct) is display
    assert slicer.mrmlScene.GetNumberOfNodes() == before
    assert not display.GetROINode()


def test_brain_is_clear_and_bone_is_not(ct):
    opacity = showHead(ct).GetVolumePropertyNode().GetScalarOpacity()
    assert opacity.GetValue(40) == 0
    assert opacity.GetValue(-1000) == 0
    assert 0 < opacity.GetValue(1000) < 0.3


def test_what_a_user_changed_stays(ct):
    showHead(ct).GetVolumePropertyNode().GetScalarOpacity().AddPoint(40, 0.5)
    showHead(ct, False)
    assert showHead(ct).GetVolumePropertyNode().GetScalarOpacity().GetValue(40) == 0.5


def test_linear_transform_needs_no_copy(ct):
    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    ct.SetAndObserveTransformNodeID(transform.GetID())
    assert showHead(ct).GetVolumeNode() is ct
    assert len(slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")) == 1


def test_other_transforms_are_hardened_on_one_copy(ct, bend):
    ct.SetAndObserveTransformNodeID(bend.GetID())
    copy = showHead(ct).GetVolumeNode()
    assert copy is not ct
    assert copy.GetParentTransformNode() is None
    assert copy.GetHideFromEditors()
    assert ct.GetParentTransformNode() is bend
    ours, theirs = [0.0] * 6, [0.0] * 6
    copy.GetRASBounds(ours)
    ct.GetRASBounds(theirs)
    assert ours == pytest.approx(theirs, abs=15)
    assert ours[3] - ours[2] == pytest.approx(200 + 24, abs=12)  # as long as the sheared head
    before = slicer.mrmlScene.GetNumberOfNodes()
    showHead(ct, False)
    assert not isHeadShown(ct)
    assert showHead(ct).GetVolumeNode() is copy
    assert slicer.mrmlScene.GetNumberOfNodes() == before


def test_copy_goes_away_completely(ct, bend):
    before = slicer.mrmlScene.GetNumberOfNodes()
    ct.SetAndObserveTransformNodeID(bend.GetID())
    showHead(ct)
    removeHead(ct)
    assert slicer.mrmlScene.GetNumberOfNodes() == before
    assert not ct.GetNodeReference("hemorrhageHeadCopy")


def test_copy_is_dropped_when_the_transform_becomes_linear(ct, bend):
    ct.SetAndObserveTransformNodeID(bend.GetID())
    showHead(ct)
    ct.SetAndObserveTransformNodeID(None)
    assert showHead(ct).GetVolumeNode() is ct
    assert len(slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")) == 1


def test_copy_holds_what_lies_there_in_the_world(ct, bend):
    """HU that grow evenly through the world stay where they are, although the CT's voxels run obliquely through it."""
    ct.SetAndObserveTransformNodeID(bend.GetID())
    lattice = voxel_lattice(ct)
    down, across = interpolation_weights(lattice.rows), interpolation_weights(lattice.columns)
    world = np.einsum("hr,drcx,wc->dhwx", down, lattice.points, across)
    slope, offset = np.array([1.0, 2.0, -1.5]), 40.0
    slicer.util.updateVolumeFromArray(ct, (world @ slope + offset).astype(np.float32))
    copy = showHead(ct).GetVolumeNode()
    values = slicer.util.arrayFromVolume(copy)
    matrix = vtk.vtkMatrix4x4()
    copy.GetIJKToRASMatrix(matrix)
    toWorld = slicer.util.arrayFromVTKMatrix(matrix)
    places = np.moveaxis(np.indices(values.shape), 0, -1)[..., ::-1] @ toWorld[:3, :3].T + toWorld[:3, 3]
    inside = values > -999
    assert inside.mean() > 0.7
    # A voxel beside the border is a mixture with air.
    core = ndimage.binary_erosion(inside, iterations=2)
    assert np.abs(values - (places @ slope + offset))[core].max() < 0.5
    corner = toWorld[:3, :3] @ (np.array(values.shape[::-1]) - 1) + toWorld[:3, 3]
    assert toWorld[:3, 3] == pytest.approx(world.min(axis=(0, 1, 2)), abs=1e-3)
    assert (corner >= world.max(axis=(0, 1, 2)) - 1e-3).all()


def test_no_step_takes_long(ct, bend, monkeypatch):
    """All slices are made, a few at a time; giving up half-way leaves nothing."""
    monkeypatch.setattr(upright_copy, "_VOXELS_A_STEP", 5000)
    ct.SetAndObserveTransformNodeID(bend.GetID())
    before = slicer.mrmlScene.GetNumberOfNodes()
    steps = showHeadSteps(ct)
    for _step in range(3):
        next(steps)
    steps.close()
    assert slicer.mrmlScene.GetNumberOfNodes() == before
    assert not isHeadShown(ct)
    assert len(list(showHeadSteps(ct))) > 5
    assert isHeadShown(ct)
