"""The panel, driven through its controls as a person would, with a segmentation that the test plays."""

from __future__ import annotations

import numpy as np
import pytest
import slicer

from harness.event_loop import wait_until
from harness.run_double import import_result
from harness.scene_ct import add_ct, write_preview_folder
from harness.slicer_application.dialogs import answering
from HemorrhageUncertaintyLib.ct_input import prepare
from HemorrhageUncertaintyLib.head_rendering import isHeadShown
from HemorrhageUncertaintyLib.heat_map import HeatMap
from HemorrhageUncertaintyLib.hemorrhage_result import HemorrhageResult
from HemorrhageUncertaintyLib.marks import ItemKind, Mark
from HemorrhageUncertaintyLib.preview_nodes import importPreview
from HemorrhageUncertaintyLib.review import Review
from HemorrhageUncertaintyLib.table_node import columnValues
from HemorrhageUncertaintyLib.tables import setLesionReview


@pytest.fixture
def ct(phantom):
    return add_ct(phantom.ct.hu, phantom.ct.affine, "CT")


@pytest.fixture
def shown(panel, ct, result_folder):
    """A result that is shown in the panel."""
    panel.widget.logic.getParameterNode().ct = ct
    result = import_result(result_folder, ct)
    panel.widget.showResult(result)
    return result


def _texts(table) -> list[list[str]]:
    return [[table.item(row, column).text() for column in range(table.columnCount)] for row in range(table.rowCount)]


def test_without_a_ct_the_button_says_what_is_missing(panel):
    ui = panel.widget.ui
    assert not ui.segmentButton.enabled
    assert ui.segmentButton.toolTip == "Select a CT to segment."
    assert "Research use only" in ui.researchUseLabel.text
    assert ui.researchUseLabel.isVisibleTo(panel.widget.parent)


def test_the_ct_that_is_looked_at_is_selected_first(panel, ct, phantom):
    panel.leave()
    panel.widget.logic.getParameterNode().ct = None
    later = add_ct(phantom.ct.hu, phantom.ct.affine, "CT 2")
    slicer.app.applicationLogic().GetSelectionNode().SetActiveVolumeID(later.GetID())
    slicer.util.selectModule("HemorrhageUncertainty")
    assert panel.widget.ui.ctSelector.currentNode() is later
    panel.leave()
    panel.widget.logic.getParameterNode().ct = None
    slicer.app.applicationLogic().GetSelectionNode().SetActiveVolumeID(None)
    slicer.util.selectModule("HemorrhageUncertainty")
    assert panel.widget.ui.ctSelector.currentNode() is ct


def test_a_ct_is_checked_as_soon_as_it_is_selected(panel, ct):
    ui = panel.widget.ui
    ui.ctSelector.setCurrentNode(ct)
    assert ui.verdictLabel.text == "Checking the CT…"
    wait_until(lambda: "HU" in ui.verdictLabel.text)
    assert ui.segmentButton.enabled


def test_an_unusable_volume_is_refused_with_the_reason(panel, phantom):
    mr = add_ct(np.abs(phantom.ct.hu) * 0 + 7, phantom.ct.affine, "MR")
    ui = panel.widget.ui
    ui.ctSelector.setCurrentNode(mr)
    wait_until(lambda: not ui.segmentButton.enabled)
    assert ui.segmentButton.toolTip == f"Select another CT: {ui.verdictLabel.text}"


def test_the_run_gets_what_the_panel_shows(panel, ct):
    ui = panel.widget.ui
    ui.ctSelector.setCurrentNode(ct)
    ui.samplesSpinBox.value = 7
    ui.transformsSpinBox.value = 2
    ui.seedSpinBox.value = 11
    ui.keepSamplesCheckBox.checked = True
    ui.presetComboBox.setCurrentIndex(1)
    ui.methodComboBox.setCurrentIndex(1)
    ui.segmentButton.click()
    assert panel.run.ct is ct
    assert panel.run.options == {
        "samples": 7,
        "transforms": 2,
        "seed": 11,
        "model": "default",
        "method": "deterministic",
        "device": "auto",
        "keepSamples": True,
        "preset": "paper",
    }


def test_progress_is_told_in_words(panel, ct):
    ui = panel.widget.ui
    ui.ctSelector.setCurrentNode(ct)
    ui.segmentButton.click()
    assert ui.segmentButton.text == "Cancel"
    assert ui.progressBar.isVisibleTo(panel.widget.parent)
    panel.run.progress("sampling", 3, 20, 47.0)
    assert ui.statusLabel.text == "Drawing plausible segmentations, sample 3 of 20, about 50 s left."
    assert (ui.progressBar.value, ui.progressBar.maximum) == (3, 20)
    panel.run.progress("summarizing", message="Smaller windows are used.")
    assert ui.statusLabel.text == "Measuring volumes and uncertainty.\nSmaller windows are used."


def test_a_result_is_shown(panel, ct, result_folder):
    ui = panel.widget.ui
    ui.ctSelector.setCurrentNode(ct)
    ui.segmentButton.click()
    result = panel.run.finish(result_folder)
    assert ui.resultSelector.currentNode() is result.record
    assert ui.segmentButton.text == "Segment"
    assert not ui.progressBar.isVisibleTo(panel.widget.parent)
    assert HeatMap(result).isShown
    assert [row[0] for row in _texts(ui.volumesTable)] == ["EDH", "IPH", "IVH", "SAH", "SDH", "Total"]
    assert ui.lesionsTable.rowCount == len(result.summary["lesions"])
    assert ui.placesTable.rowCount == len(result.summary["places"])
    assert ui.sampleSlider.enabled


def test_cancel_leaves_views_and_scene_as_before(panel, shown, ct, phantom, tmp_path):
    ui = panel.widget.ui
    nodes = slicer.mrmlScene.GetNumberOfNodes()
    ui.segmentButton.click()
    folder = write_preview_folder(phantom, tmp_path / "preview", 1)
    panel.run.preview(importPreview(folder, ct, prepare(ct)))
    assert not HeatMap(shown).isShown
    ui.segmentButton.click()
    assert panel.run.state.name == "CANCELLED"
    assert slicer.mrmlScene.GetNumberOfNodes() == nodes
    assert HeatMap(shown).isShown
    assert not panel.widget.run.isRunning


def test_preview_lies_over_its_own_ct_and_canceling_brings_back_what_was_shown(panel, ct, phantom, tmp_path):
    slicer.app.layoutManager().setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView)
    views = slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode")
    other, fused = (add_ct(phantom.ct.hu, phantom.ct.affine, name) for name in ("another CT", "MR"))
    slicer.util.setSliceViewerLayers(background=other, foreground=fused, foregroundOpacity=0.3)

    def shown():
        return {(view.GetBackgroundVolumeID(), view.GetForegroundVolumeID(), view.GetForegroundOpacity()) for view in views}

    panel.widget.ui.ctSelector.setCurrentNode(ct)
    panel.widget.ui.segmentButton.click()
    folder = write_preview_folder(phantom, tmp_path / "preview", 1)
    preview = importPreview(folder, ct, prepare(ct))
    for _ in range(2):
        panel.run.preview(preview)
        assert shown() == {(ct.GetID(), preview.heatMap.GetID(), 0.5)}
    panel.widget.ui.segmentButton.click()
    assert shown() == {(other.GetID(), fused.GetID(), 0.3)}


def test_an_error_is_said_once_and_the_panel_is_ready_again(panel, ct, caplog):
    ui = panel.widget.ui
    ui.ctSelector.setCurrentNode(ct)
    ui.segmentButton.click()
    panel.run.fail("The GPU is full: choose the processor under Advanced.")
    assert ui.statusLabel.text == "The GPU is full: choose the processor under Advanced."
    assert ui.segmentButton.enabled
    assert ui.segmentButton.text == "Segment"
    assert sum("The GPU is full" in record.message for record in caplog.records) == 1


def test_a_dropped_result_is_said_without_a_dialog(panel, ct, caplog):
    panel.widget.ui.ctSelector.setCurrentNode(ct)
    panel.widget.ui.segmentButton.click()
    panel.run.fail("The CT was deleted.", dropped=True)
    assert panel.widget.ui.statusLabel.text == "The CT was deleted."
    assert not any("deleted" in record.message for record in caplog.records)


def test_closing_the_scene_empties_the_panel(panel, shown):
    slicer.mrmlScene.Clear(False)
    ui = panel.widget.ui
    assert ui.volumesTable.rowCount == 0
    assert ui.lesionsTable.rowCount == 0
    assert not ui.seeCollapsibleButton.enabled
    assert not ui.segmentButton.enabled


def test_choices_and_result_are_there_again_after_saving_and_loading(panel, shown, tmp_path):
    ui = panel.widget.ui
    ui.samplesSpinBox.value = 9
    ui.expansionMlSpinBox.value = 12.5
    ui.surfacesCheckBox.checked = False
    before = _texts(ui.volumesTable)
    path = str(tmp_path / "scene.mrb")
    assert slicer.util.saveScene(path)
    slicer.mrmlScene.Clear(False)
    assert ui.samplesSpinBox.value == 20
    slicer.util.loadScene(path)
    assert ui.samplesSpinBox.value == 9
    assert ui.expansionMlSpinBox.value == 12.5
    assert not ui.surfacesCheckBox.checked
    assert ui.resultSelector.currentNode() is HemorrhageResult.all()[0].record
    assert _texts(ui.volumesTable) == before


def test_an_earlier_result_can_be_shown_again(panel, shown, phantom, result_folder):
    other = import_result(result_folder, add_ct(phantom.ct.hu, phantom.ct.affine, "CT 2"))
    ui = panel.widget.ui
    ui.headCheckBox.checked = True
    panel.widget.showResult(other)
    wait_until(lambda: not panel.widget.display.isDrawing)
    assert _what_is_shown(shown) == []
    assert _what_is_shown(other) == ["heat map", "outlines", "surfaces", "lesions", "places", "head"]
    ui.resultSelector.setCurrentNode(shown.record)
    wait_until(lambda: not panel.widget.display.isDrawing)
    assert _what_is_shown(shown) == ["heat map", "outlines", "surfaces", "lesions", "places", "head"]
    assert _what_is_shown(other) == []


def _what_is_shown(result) -> list[str]:
    segmentation = result.segmentation.GetDisplayNode()
    parts = {
        "heat map": HeatMap(result).isShown,
        "outlines": segmentation.GetVisibility2D(),
        "surfaces": segmentation.GetVisibility3D(),
        "lesions": result.node("lesions").GetDisplayVisibility(),
        "places": result.node("places").GetDisplayVisibility(),
        "head": isHeadShown(result.ct),
    }
    return [name for name, visible in parts.items() if visible]


def test_heat_map_controls_set_the_display(panel, shown):
    ui, heat_map = panel.widget.ui, HeatMap(shown)
    ui.mapOpacitySlider.value = 0.8
    ui.mapThresholdSlider.value = 0.1
    ui.mapRangeWidget.setValues(0.05, 0.2)
    assert heat_map.opacity == pytest.approx(0.8)
    assert heat_map.threshold == pytest.approx(0.1)
    assert heat_map.range == pytest.approx((0.05, 0.2))
    ui.mapComboBox.setCurrentIndex(ui.mapComboBox.findData("probabilities.IPH"))
    assert heat_map.name == "probabilities.IPH"
    assert ui.mapRangeWidget.maximumValue == pytest.approx(1.0)
    ui.showMapCheckBox.checked = False
    assert not heat_map.isShown


def test_blinking_brings_the_map_back(panel, shown):
    panel.widget.display.blink()
    assert HeatMap(shown).isBlinkedOff
    panel.widget.display.blink()
    assert not HeatMap(shown).isBlinkedOff
    assert HeatMap(shown).isShown


def test_keys_work_only_while_the_module_is_open(panel):
    shortcuts = panel.widget.shortcuts
    assert sorted(shortcut.key.toString() for shortcut in shortcuts) == ["H", "N", "Shift+N"]
    assert all(shortcut.isEnabled() for shortcut in shortcuts)
    panel.leave()
    assert not any(shortcut.isEnabled() for shortcut in shortcuts)


def test_the_threshold_changes_the_probabilities(panel, shown):
    ui = panel.widget.ui
    ui.thresholdSpinBox.value = 1.0
    iph = _texts(ui.volumesTable)[1]
    assert iph[4] == "100 %"
    assert ui.volumesTable.horizontalHeaderItem(4).text() == "P > 1\nmL"
    assert set(columnValues(shown.node("volumesTable"), "exceeds_ml")) == {1.0}


def test_stepping_through_findings_selects_them(panel, shown):
    ui = panel.widget.ui
    assert not ui.confirmButton.enabled
    ui.nextButton.click()
    assert ui.lesionsTable.currentRow() == 0
    assert ui.findingsTabWidget.currentIndex == 0
    ui.previousButton.click()
    assert ui.findingsTabWidget.currentIndex == 1
    assert ui.placesTable.currentRow() == ui.placesTable.rowCount - 1
    assert ui.confirmButton.enabled


def test_rejecting_a_lesion_takes_it_out_of_the_reviewed_total(panel, shown):
    ui = panel.widget.ui
    ui.lesionsTable.setCurrentCell(0, 0)
    ui.rejectButton.click()
    lesion = shown.summary["lesions"][0]
    left = shown.summary["volumes"][-1]["volume_ml"] - lesion["volume_ml"]
    assert f"Total after review: {left:.1f} mL" in ui.reviewLabel.text
    assert _texts(ui.lesionsTable)[0][-1] == "rejected"
    assert Review(shown).items(ItemKind.LESION)[0].mark is Mark.REJECTED
    ui.clearMarkButton.click()
    assert _texts(ui.lesionsTable)[0][-1] == ""


def test_a_small_finding_has_a_volume(panel, shown):
    setLesionReview(shown, {1: 7.06, 2: 0.037, 3: 0.0}, {})
    panel.widget.reading.setResult(shown)
    assert [row[2] for row in _texts(panel.widget.ui.lesionsTable)] == ["7.1", "0.04", "0.0"]


def test_a_volume_can_be_clicked_to_see_where_it_is(panel, shown):
    panel.widget.ui.volumesTable.cellClicked.emit(4, 1)
    row = panel.widget.ui.lesionsTable.currentRow()
    assert shown.summary["lesions"][row]["name"] == "SDH"


def test_the_slider_browses_the_samples(panel, shown):
    slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSliceCompositeNode")
    ui = panel.widget.ui
    ui.sampleSlider.value = 3
    browser = shown.node("samples")
    assert browser.GetSelectedItemNumber() == 2
    composite = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLSliceCompositeNode")
    assert composite.GetLabelVolumeID() is not None
    ui.showSampleCheckBox.checked = False
    assert composite.GetLabelVolumeID() is None


def test_report_and_tables_can_be_taken_away(panel, shown, tmp_path):
    panel.widget.takeAway.saveReport(tmp_path / "report.html")
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == shown.report.GetText()
    for label, ending in (("Images as NRRD", "nrrd"), ("Images as NIfTI", "nii.gz")):
        choice = panel.widget.ui.imageFormatComboBox
        choice.setCurrentIndex(choice.findText(label))
        with answering(str(tmp_path / ending)):
            panel.widget.ui.exportButton.click()
        assert {path.name for path in (tmp_path / ending).iterdir()} >= {"volumes.csv", f"labels.{ending}", f"entropy.{ending}"}


def test_comparing_needs_two_results(panel, shown, phantom, result_folder):
    ui = panel.widget.ui
    ui.earlierSelector.setCurrentNode(shown.record)
    assert not ui.compareButton.enabled
    assert ui.compareButton.toolTip == "Select the results of an earlier and of a later CT."
    ui.laterSelector.setCurrentNode(shown.record)
    assert ui.compareButton.toolTip == "Select two different results."
    later = import_result(result_folder, add_ct(phantom.ct.hu, phantom.ct.affine, "CT 2"))
    ui.laterSelector.setCurrentNode(later.record)
    assert ui.compareButton.enabled
    ui.compareButton.click()
    assert ui.comparisonTableView.mrmlTableNode().GetNumberOfRows() > 0


def test_reloading_and_leaving_keep_no_observers(panel, shown):
    panel.leave()
    panel.widget.cleanup()
    shown.segmentation.Modified()
    slicer.mrmlScene.Clear(False)
