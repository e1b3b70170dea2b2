"""What the application and its user may do while the panel segments, and many segmentations in a row."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import slicer

from harness.allocated_memory import allocated_mb, can_count
from harness.event_loop import wait_until
from harness.heartbeat import least_late_ms
from harness.scene_ct import add_acquisition_transform, world_of
from HemorrhageUncertaintyLib.head_rendering import showHead
from HemorrhageUncertaintyLib.hemorrhage_result import HemorrhageResult
from HemorrhageUncertaintyLib.installation import Installation
from HemorrhageUncertaintyLib.missing_packages import MissingPackages
from HemorrhageUncertaintyLib.process_tree import descendants

MODULE = "HemorrhageUncertainty"


def close_scene():
    """Close the scene."""
    slicer.mrmlScene.Clear(False)


def delete_ct():
    """Delete the CT in the Data module."""
    slicer.mrmlScene.RemoveNode(slicer.util.getNode("CT"))


def reload_module():
    """Press Reload in the developer's section."""
    slicer.util.reloadScriptedModule(MODULE)


def quit_application():
    """Close the application's window."""
    slicer.app.aboutToQuit.emit()


def node_ids():
    """Return the IDs of all nodes of the scene."""
    return {slicer.mrmlScene.GetNthNode(index).GetID() for index in range(slicer.mrmlScene.GetNumberOfNodes())}


def temporary_folders():
    """Return the folders that runs have left in the application's temporary folder."""
    return list(Path(slicer.app.temporaryPath).glob("HemorrhageUncertainty-*/"))


def mapped_files_of_runs():
    """Return the files of runs that are still mapped into memory, deleted or not."""
    return [line for line in Path("/proc/self/maps").read_text().splitlines() if "HemorrhageUncertainty-" in line]


def segment(widget):
    """Press Segment and wait for the end."""
    widget.ui.segmentButton.click()
    assert widget.run.isRunning
    wait_until(lambda: not widget.run.isRunning, 60)
    assert widget.ui.statusLabel.text.startswith("Done: ")


def begin(widget):
    """Press Segment and wait until the first preview is there."""
    widget.ui.segmentButton.click()
    wait_until(lambda: slicer.util.getNodesByClass("vtkMRMLSegmentationNode"))


def test_event_loop_is_never_held_up_from_segment_to_result(live_panel, phantom_node):
    widget = live_panel()
    widget.ui.arrangeViewsButton.click()  # the stand-in makes views when they are first shown; the application has them
    wait_until(lambda: not widget.display.isDrawing)

    def segment_and_draw():
        segment(widget)
        wait_until(lambda: not temporary_folders() and not widget.display.isDrawing)

    assert least_late_ms(segment_and_draw) < 100


@pytest.mark.skipif(not can_count(), reason="memory is read from the C library of Linux")
def test_twenty_runs_pile_up_neither_nodes_nor_memory(live_panel, phantom_node):
    widget = live_panel()
    widget.ui.surfacesCheckBox.checked = False  # twenty pictures in 3D take long
    counts, memory = [], []
    for _ in range(20):
        segment(widget)
        wait_until(lambda: not temporary_folders())
        counts.append(slicer.mrmlScene.GetNumberOfNodes())
        memory.append(allocated_mb())
    assert len(HemorrhageResult.all()) == 1
    assert set(counts[1:]) == {counts[1]}
    assert not mapped_files_of_runs()
    assert memory[-1] - memory[7] < 1.6, memory  # as much as one result of the phantom takes


@pytest.mark.parametrize("action", [close_scene, delete_ct, reload_module, quit_application])
def test_whatever_ends_a_run_leaves_no_process_no_folder_and_no_node(live_panel, phantom_node, action):
    processes = set(descendants(os.getpid()))
    widget = live_panel("launcher")
    before = node_ids()
    begin(widget)
    logic = widget.logic
    action()
    wait_until(lambda: set(descendants(os.getpid())) <= processes and not temporary_folders())
    assert logic.run is None
    assert node_ids() <= before
    assert not slicer.util.getNodesByClass("vtkMRMLSegmentationNode")
    widget = slicer.util.getModuleWidget(MODULE)
    assert not widget.run.isRunning
    assert widget.ui.segmentButton.text == "Segment"
    assert widget.ui.segmentButton.enabled == (action in (reload_module, quit_application))


def test_module_that_was_reloaded_during_a_run_segments_again(live_panel, phantom_node):
    begin(live_panel("endless"))
    live_panel("good")
    reload_module()
    widget = slicer.util.getModuleWidget(MODULE)
    assert widget.logic.getParameterNode().ct is phantom_node
    segment(widget)
    assert widget.ui.resultSelector.currentNode() is HemorrhageResult.all()[0].record


def test_run_goes_on_while_another_module_is_open(live_panel, phantom_node):
    widget = live_panel()
    widget.ui.segmentButton.click()
    slicer.util.selectModule("")
    wait_until(lambda: not widget.run.isRunning)
    (result,) = HemorrhageResult.ofCT(phantom_node)
    slicer.util.selectModule(MODULE)
    assert widget.ui.resultSelector.currentNode() is result.record
    assert widget.ui.volumesTable.rowCount == len(result.summary["volumes"])


def test_module_that_is_left_and_entered_during_a_run_shows_it_still(live_panel, phantom_node):
    widget = live_panel("endless")
    begin(widget)
    slicer.util.selectModule("")
    slicer.util.selectModule(MODULE)
    assert widget.ui.segmentButton.text == "Cancel"
    widget.ui.segmentButton.click()
    assert not widget.run.isRunning
    assert not slicer.util.getNodesByClass("vtkMRMLSegmentationNode")


def test_cancel_by_a_script_frees_the_button(live_panel, phantom_node):
    widget = live_panel("endless")
    begin(widget)
    widget.logic.run.cancel()
    assert widget.ui.segmentButton.text == "Segment"
    assert "Canceled" in widget.ui.statusLabel.text


def test_who_declines_to_install_sees_no_error(live_panel, phantom_node, slicer_app, caplog):
    missing = MissingPackages(("pydantic>=2.8",))
    declined = Installation(
        find=lambda: missing, confirm=lambda text: False, hasNetwork=lambda: True, freeBytes=lambda: int(1e12)
    )
    widget = live_panel(installation=declined)
    slicer_app.setTestingEnabled(False)  # an unexpected window is an error
    try:
        widget.ui.segmentButton.click()
    finally:
        slicer_app.setTestingEnabled(True)
    assert "press Segment again" in widget.ui.statusLabel.text
    assert widget.ui.segmentButton.text == "Segment"
    assert widget.ui.segmentButton.enabled
    assert not caplog.records


def test_deleting_a_bent_ct_takes_the_copy_for_its_rendering_along(live_panel, phantom_node):
    live_panel()
    places = np.array([world_of(phantom_node, (number, 0, 0)) for number in range(16)])
    places[:, 1] += 0.1 * np.arange(16) ** 2  # the gantry tilts more and more
    add_acquisition_transform(phantom_node, places)
    assert showHead(phantom_node).GetVolumeNode() is not phantom_node
    delete_ct()
    assert not slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")
    assert not slicer.util.getNodesByClass("vtkMRMLVolumePropertyNode")
    assert not slicer.util.getNodesByClass("vtkMRMLVolumeRenderingDisplayNode")
