"""Comparing two methods on one CT through the panel."""

from __future__ import annotations

import pytest
import slicer

from harness.event_loop import wait_until
from harness.run_double import import_result
from harness.scene_ct import add_ct, write_preview_folder, write_result_folder
from harness.synthetic_segmentation import synthetic_segmentation
from HemorrhageUncertaintyLib.ct_input import prepare
from HemorrhageUncertaintyLib.heat_map import HeatMap
from HemorrhageUncertaintyLib.hemorrhage_result import HemorrhageResult
from HemorrhageUncertaintyLib.layout import LAYOUT_ID, showLayout
from HemorrhageUncertaintyLib.marks import ItemKind, Mark
from HemorrhageUncertaintyLib.preview_nodes import importPreview
from HemorrhageUncertaintyLib.review import Review
from HemorrhageUncertaintyLib.side_by_side import SideBySide
from HemorrhageUncertaintyLib.side_by_side_layout import SIDE_BY_SIDE_ID, Side
from HemorrhageUncertaintyLib.table_node import columnValues


@pytest.fixture(scope="session")
def other_folder(tmp_path_factory):
    """What the engine would write for the phantom by another method, which misses the subarachnoid hemorrhage."""
    blobs = (("IPH", (-32.0, 5.0, 8.0), (17.0, 22.0, 14.0), 6.0), ("SDH", (58.0, 25.0, 20.0), (7.0, 22.0, 22.0), 3.0))
    segmentation = synthetic_segmentation("axial LPS", (12, 40, 44), blobs=blobs, method="deterministic", samples=1)
    return write_result_folder(segmentation, tmp_path_factory.mktemp("other") / "result")


@pytest.fixture
def ct(phantom):
    return add_ct(phantom.ct.hu, phantom.ct.affine, "CT")


@pytest.fixture
def pair(panel, ct, result_folder, other_folder):
    """Two results of one CT that came one after the other; the second is shown."""
    showLayout(slicer.app.layoutManager())
    results = [import_result(folder, ct) for folder in (result_folder, other_folder)]
    for result in results:
        panel.widget.showResult(result)
    wait_until(lambda: not panel.widget.display.isDrawing)
    return results


def switch(panel, on: bool = True) -> None:
    panel.widget.ui.sideBySideCheckBox.checked = on
    wait_until(lambda: not panel.widget.sideBySide.isBusy)


def texts(table) -> dict[str, list[str]]:
    rows = [[table.item(row, column).text() for column in range(table.columnCount)] for row in range(table.rowCount)]
    return {row[0]: row[1:] for row in rows}


def test_two_results_of_one_ct_are_offered_and_shown_with_one_click(panel, pair):
    ui = panel.widget.ui
    assert ui.firstSelector.currentNode() is pair[0].record
    assert ui.secondSelector.currentNode() is pair[1].record
    switch(panel)
    assert slicer.app.layoutManager().layout == SIDE_BY_SIDE_ID
    assert SideBySide.current().results == tuple(pair)
    assert not ui.seeCollapsibleButton.enabled
    switch(panel, False)
    assert slicer.app.layoutManager().layout == LAYOUT_ID
    assert ui.seeCollapsibleButton.enabled
    assert HeatMap(pair[1]).isShown


def test_map_difference_and_opacity_follow_the_controls(panel, pair):
    ui = panel.widget.ui
    switch(panel)
    ui.comparedMapComboBox.setCurrentIndex(ui.comparedMapComboBox.findData("probabilities.SAH"))
    wait_until(lambda: not panel.widget.sideBySide.isBusy)
    assert SideBySide.current().name == "probabilities.SAH"
    ui.differenceCheckBox.checked = True
    wait_until(lambda: not panel.widget.sideBySide.isBusy)
    assert SideBySide.current().difference is not None
    ui.comparedOpacitySlider.value = 0.9
    views = [view for side in Side for view in side.compositeNodes]
    assert {view.GetForegroundOpacity() for view in views} == {0.9}
    panel.widget.shortcuts[0].activated.emit()
    assert {view.GetForegroundOpacity() for view in views} == {0}
    panel.widget.shortcuts[0].activated.emit()
    assert {view.GetForegroundOpacity() for view in views} == {0.9}


def test_table_has_volumes_intervals_difference_and_overlap(panel, pair):
    switch(panel)
    found = texts(panel.widget.ui.methodsTable)
    assert list(found) == ["EDH", "IPH", "IVH", "SAH", "SDH", "Total"]
    volumes = [{row["name"]: row for row in result.summary["volumes"]} for result in pair]
    total = [side["total"]["volume_ml"] for side in volumes]
    low, high = volumes[0]["total"]["low_ml"], volumes[0]["total"]["high_ml"]
    assert found["Total"][0] == f"{total[0]:.1f}\n{low:.1f} – {high:.1f}"
    assert found["Total"][1] == f"{total[1]:.1f}"  # a single sample has no interval
    assert found["Total"][2] == f"{total[1] - total[0]:+.1f}"
    assert found["SDH"][3] == "1.00"
    assert 0.5 < float(found["IPH"][3]) < 1
    assert found["SAH"][3] == "0.00"
    assert found["EDH"][3] == "–"


def test_overlap_follows_the_review(panel, pair):
    switch(panel)
    table = pair[1].node("methodTable")
    before = dict(zip(columnValues(table, "subtype"), columnValues(table, "dice"), strict=True))
    pair[0].segmentation.GetSegmentation().RemoveSegment("SAH")
    Review(pair[0]).mark(ItemKind.LESION, 1, Mark.CONFIRMED)
    wait_until(lambda: not panel.widget.sideBySide.isBusy)
    after = dict(zip(columnValues(table, "subtype"), columnValues(table, "dice"), strict=True))
    assert after["total"] > before["total"]
    assert after["SDH"] == before["SDH"]


@pytest.mark.parametrize("event", ["another result", "a preview", "another layout", "removed", "closed scene"])
def test_what_else_is_shown_ends_the_comparison(panel, pair, ct, phantom, tmp_path, event):
    switch(panel)
    manager = slicer.app.layoutManager()
    if event == "another result":
        panel.widget.ui.resultSelector.setCurrentNode(pair[0].record)
    elif event == "a preview":
        panel.widget.ui.ctSelector.setCurrentNode(ct)
        panel.widget.ui.segmentButton.click()
        panel.run.preview(importPreview(write_preview_folder(phantom, tmp_path / "preview", 1), ct, prepare(ct)))
    elif event == "another layout":
        manager.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutConventionalView)
    elif event == "removed":
        panel.widget.ui.removeResultButton.click()
        assert panel.widget.ui.resultSelector.currentNode() is pair[0].record
        assert HemorrhageResult.all() == [pair[0]]
    else:
        slicer.mrmlScene.Clear(False)
    assert SideBySide.current() is None
    assert not panel.widget.ui.sideBySideCheckBox.checked
    assert not slicer.util.getNodes("Side by side*")
    expected = slicer.vtkMRMLLayoutNode.SlicerLayoutConventionalView if event == "another layout" else LAYOUT_ID
    assert manager.layout == expected
    for result in HemorrhageResult.all():
        assert result.segmentation.GetDisplayNode().GetNumberOfViewNodeIDs() == 0


def test_it_says_what_is_missing(panel, pair, phantom, result_folder):
    ui = panel.widget.ui
    other = import_result(result_folder, add_ct(phantom.ct.hu, phantom.ct.affine, "CT 2"))
    switch(panel)
    ui.secondSelector.setCurrentNode(other.record)
    assert "select two of the same CT" in ui.methodsLabel.text
    assert not ui.sideBySideCheckBox.enabled
    assert SideBySide.current() is None
    ui.secondSelector.setCurrentNode(None)
    assert "Select two results of one CT" in ui.methodsLabel.text


def test_it_is_there_again_after_saving_and_loading(panel, pair, tmp_path):
    switch(panel)
    panel.widget.ui.differenceCheckBox.checked = True
    wait_until(lambda: not panel.widget.sideBySide.isBusy)
    table = texts(panel.widget.ui.methodsTable)
    assert slicer.util.saveScene(str(tmp_path / "scene.mrb"))
    slicer.mrmlScene.Clear(False)
    assert slicer.app.layoutManager().layout == LAYOUT_ID
    assert panel.widget.ui.methodsTable.rowCount == 0
    slicer.util.loadScene(str(tmp_path / "scene.mrb"))
    wait_until(lambda: not (panel.widget.sideBySide.isBusy or panel.widget.display.isDrawing))
    opened = SideBySide.current()
    assert opened.isShown
    assert opened.isDifference
    assert panel.widget.ui.sideBySideCheckBox.checked
    assert texts(panel.widget.ui.methodsTable) == table
    for side in Side:
        assert {view.GetForegroundVolumeID() for view in side.compositeNodes} == {opened.difference.GetID()}
        annotation = slicer.app.layoutManager().sliceWidget(side.axial).sliceView().cornerAnnotation()
        assert annotation.GetText(annotation.UpperEdge).startswith(f"{side.value}: ")
    switch(panel, False)
    assert HemorrhageResult.all()[0].segmentation.GetDisplayNode().GetNumberOfViewNodeIDs() == 0


def test_a_script_opens_it_and_the_panel_follows(panel, pair):
    opened = panel.widget.logic.showSideBySide(*pair, "variance", difference=True)
    assert panel.widget.ui.sideBySideCheckBox.checked
    assert panel.widget.ui.differenceCheckBox.checked
    wait_until(lambda: not panel.widget.sideBySide.isBusy)
    assert SideBySide.current().name == "variance"
    panel.widget.ui.sideBySideCheckBox.checked = False
    assert not opened.isOpen
