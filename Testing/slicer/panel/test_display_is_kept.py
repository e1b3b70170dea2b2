"""What a reader changed of the display stays: when another result is shown meanwhile, and in a saved scene."""

from __future__ import annotations

import pytest
import slicer

from harness.run_double import import_result
from harness.scene_ct import add_ct
from HemorrhageUncertaintyLib.hemorrhage_result import HemorrhageResult
from HemorrhageUncertaintyLib.views import BRAIN_LEVEL, BRAIN_WINDOW


@pytest.fixture
def shown(panel, phantom, result_folder):
    """A result that is shown, and then made to look otherwise: a wider window, a stronger fill."""
    result = import_result(result_folder, add_ct(phantom.ct.hu, phantom.ct.affine, "CT"))
    panel.widget.showResult(result)
    display = result.ct.GetDisplayNode()
    assert (display.GetWindow(), display.GetLevel()) == (BRAIN_WINDOW, BRAIN_LEVEL)
    display.SetWindowLevel(200.0, 75.0)
    result.segmentation.GetDisplayNode().SetOpacity2DFill(0.4)
    return result


def look(result):
    ct, segments = result.ct.GetDisplayNode(), result.segmentation.GetDisplayNode()
    return ct.GetWindow(), ct.GetLevel(), segments.GetOpacity2DFill(), segments.GetVisibility2D()


def test_it_is_kept_when_another_result_was_shown_meanwhile(panel, shown, phantom, result_folder):
    other = import_result(result_folder, add_ct(phantom.ct.hu, phantom.ct.affine, "CT 2"))
    panel.widget.showResult(other)
    assert not shown.segmentation.GetDisplayNode().GetVisibility2D()
    panel.widget.showResult(shown)
    assert look(shown) == (200.0, 75.0, 0.4, True)


def test_it_is_kept_in_a_saved_scene(panel, shown, tmp_path):
    tables = slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLTableNode")
    assert slicer.util.saveScene(str(tmp_path / "scene.mrb"))
    slicer.mrmlScene.Clear(False)
    slicer.util.loadScene(str(tmp_path / "scene.mrb"))
    (loaded,) = HemorrhageResult.all()
    assert panel.widget.ui.resultSelector.currentNode() is loaded.record
    assert look(loaded) == (200.0, 75.0, 0.4, True)
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLTableNode") == tables
