"""The stand-in starts once, with the real logics, and lets no error pass."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import slicer
import slicer.util
import vtk

from harness.slicer_application.boot import boot


def _volume(name: str = "CT") -> slicer.vtkMRMLScalarVolumeNode:
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)
    slicer.util.updateVolumeFromArray(node, np.arange(24, dtype=np.int16).reshape(2, 3, 4))
    node.CreateDefaultDisplayNodes()
    return node


def test_second_start_gives_the_same_application(slicer_app):
    assert boot() is slicer_app
    assert slicer.app is slicer_app
    assert slicer.app.applicationName == "Slicer"


def test_package_slicer_is_the_wheel_alone():
    """Testing/slicer, which is on the path too, is not taken for a part of it."""
    assert [Path(entry).parent.name for entry in slicer.__path__] == ["site-packages"]


def test_scene_is_empty_first_time(scene):
    _volume()
    assert scene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode") == 1


def test_scene_is_empty_second_time(scene):
    assert scene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode") == 0


def test_logics_are_known_everywhere():
    logic = slicer.modules.segmentations.logic()
    assert slicer.app.applicationLogic().GetModuleLogic("Segmentations") is logic
    assert slicer.util.getModule("Segmentations").logic() is logic
    assert slicer.modules.colors.logic() is slicer.app.applicationLogic().GetColorLogic()


def test_unknown_module_is_an_attribute_error():
    with pytest.raises(AttributeError, match="nosuchmodule"):
        slicer.modules.nosuchmodule  # noqa: B018


def test_color_node_of_the_application_is_there():
    node = slicer.mrmlScene.GetNodeByID("vtkMRMLColorTableNodeFileInferno.txt")
    assert node.GetNumberOfColors() == 256
    color = [0.0] * 4
    node.GetColor(255, color)
    assert color[0] > 0.9
    assert color[3] == 1.0


def test_terminologies_that_the_logic_insists_on_are_there():
    names = slicer.modules.terminologies.logic()
    loaded = vtk.vtkStringArray()
    names.GetLoadedTerminologyNames(loaded)
    assert "Segmentation category and type - DICOM master list" in [loaded.GetValue(i) for i in range(loaded.GetNumberOfValues())]


def test_each_volume_has_one_item_in_the_subject_hierarchy():
    node = _volume()
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    item = hierarchy.GetItemByDataNode(node)
    assert hierarchy.GetItemName(item) == "CT"
    slicer.mrmlScene.RemoveNode(node)
    assert hierarchy.GetNumberOfItems() == 0


def test_bundle_restores_the_scene(tmp_path):
    node = _volume("Schädel")
    node.SetName("Schädel")
    array = slicer.util.arrayFromVolume(node).copy()
    path = tmp_path / "a scene.mrb"
    assert slicer.util.saveScene(str(path))
    slicer.mrmlScene.Clear(False)
    slicer.util.loadScene(str(path))
    loaded = slicer.util.getNode("Schädel")
    np.testing.assert_array_equal(slicer.util.arrayFromVolume(loaded), array)
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    assert hierarchy.GetNumberOfItems() == 1


@pytest.mark.parametrize("name", ["ct.nrrd", "ct.nii.gz"])
def test_volume_file_round_trip(tmp_path, name):
    node = _volume()
    path = str(tmp_path / name)
    assert slicer.util.exportNode(node, path)
    loaded = slicer.util.loadVolume(path)
    np.testing.assert_array_equal(slicer.util.arrayFromVolume(loaded), slicer.util.arrayFromVolume(node))


def test_missing_file_is_an_error(tmp_path):
    with pytest.raises(RuntimeError, match=r"nothing\.nrrd"):
        slicer.util.loadVolume(str(tmp_path / "nothing.nrrd"))


def test_vtk_error_is_heard(vtk_messages):
    reader = vtk.vtkXMLPolyDataReader()
    reader.SetFileName(os.devnull + ".vtp")
    reader.Update()
    assert any("vtkXMLPolyDataReader" in text for text in vtk_messages.take())


def test_only_what_is_allowed_passes_unheard(vtk_messages):
    vtk_messages.allowed.append("of the left")
    for side in ("left", "right"):
        vtk.vtkOutputWindow.GetInstance().InvokeEvent("WarningEvent", f"A warning of the {side}")
    assert vtk_messages.take() == ["A warning of the right"]


def test_expected_vtk_error_must_come(vtk_messages):
    with pytest.raises(AssertionError, match="but said nothing"), vtk_messages.expected("nothing of the sort"):
        pass


def test_exception_in_an_observer_is_heard(exceptions_in_callbacks):
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTextNode")
    node.AddObserver(vtk.vtkCommand.ModifiedEvent, lambda *_: 1 / 0)
    node.Modified()
    assert [type(error) for error in exceptions_in_callbacks] == [ZeroDivisionError]
    exceptions_in_callbacks.clear()
