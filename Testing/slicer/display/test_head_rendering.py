"""The head in 3D: made once, straight where the CT is not, gone without a trace."""

import pytest
import slicer

from harness.result_in_scene import add_ct
from harness.synthetic_segmentation import synthetic_segmentation
from HemorrhageUncertaintyLib.head_rendering import isHeadShown, removeHead, showHead


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
