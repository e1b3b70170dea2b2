"""A CT that is segmented once more: the new result takes the place of the earlier one in the panel and in the scene."""

from __future__ import annotations

import pytest
import slicer

from harness.event_loop import wait_until
from harness.heartbeat import least_late_ms
from harness.run_double import import_result
from harness.scene_ct import add_ct, write_preview_folder, write_result_folder
from harness.synthetic_segmentation import synthetic_segmentation
from HemorrhageUncertaintyLib.hemorrhage_result import HemorrhageResult


@pytest.fixture(scope="module")
def larger():
    """A head of as many slices as a CT has."""
    return synthetic_segmentation("axial LPS", (32, 128, 128))


@pytest.fixture(scope="module")
def finished_folders(larger, tmp_path_factory):
    """What the double of the engine hands over: its result with samples, and a preview."""
    parent = tmp_path_factory.mktemp("larger")
    return write_result_folder(larger, parent / "result", samples=8), write_preview_folder(larger, parent / "preview", 1)


@pytest.fixture
def ct(scene, larger):
    """Its CT."""
    return add_ct(larger.ct.hu, larger.ct.affine, "CT")


def segment(widget, watch=lambda: None):
    """Press Segment, and wait for the result and its surfaces; `watch` is called between the turns of the event loop."""

    def isOver():
        watch()
        return not widget.run.isRunning and not widget.display.isDrawing

    widget.ui.segmentButton.click()
    assert widget.run.isRunning
    wait_until(isOver, 60)
    assert widget.ui.statusLabel.text.startswith("Done: ")


def test_replacing_a_result_holds_nothing_up_and_there_is_always_one_to_see(live_panel, ct):
    widget = live_panel()
    ui, node = widget.ui, widget.logic.getParameterNode()
    ui.keepSamplesCheckBox.checked = True
    ui.arrangeViewsButton.click()  # the stand-in makes views when they are first shown; the application has them
    segment(widget)
    (first,) = HemorrhageResult.all()
    node.earlier = first.record
    shown, rows = [], []

    def watch():
        shown.append(ui.resultSelector.currentNode())
        rows.append(ui.volumesTable.rowCount)

    def replace():
        shown.clear()
        rows.clear()
        segment(widget, watch)

    assert least_late_ms(replace) < 100
    (result,) = HemorrhageResult.all()
    assert not first.exists
    assert set(shown) == {shown[0], result.record}
    assert min(rows) > 0
    assert node.result is node.earlier is result.record
    assert slicer.util.getNodesByClass("vtkMRMLSegmentationNode") == [result.segmentation]


@pytest.mark.parametrize("work", ["mark", "edit"])
def test_what_a_reader_has_worked_on_is_not_replaced(panel, phantom, result_folder, work):
    ct = add_ct(phantom.ct.hu, phantom.ct.affine, "CT")
    first = import_result(result_folder, ct)
    panel.widget.showResult(first)
    if work == "mark":
        panel.widget.ui.nextButton.click()
        panel.widget.ui.confirmButton.click()
    else:
        array = slicer.util.arrayFromSegmentBinaryLabelmap(first.segmentation, "IPH", ct)
        array[:, ::2] = 0
        slicer.util.updateSegmentBinaryLabelmapFromArray(array, first.segmentation, "IPH", ct)
        wait_until(lambda: first.isReviewed)
    second = import_result(result_folder, ct)
    assert HemorrhageResult.ofCT(ct) == [first, second]
    assert (first.name, second.name) == ("CT hemorrhage (tta, phantom)", "CT hemorrhage (tta, phantom, 2)")
    third = import_result(result_folder, ct)
    assert HemorrhageResult.ofCT(ct) == [first, third]
    assert third.name == "CT hemorrhage (tta, phantom, 2)"
    panel.widget.showResult(first)
    panel.widget.ui.clearMarkButton.click()
    assert first.isReviewed == (work == "edit")
