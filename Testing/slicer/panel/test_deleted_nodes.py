"""A result of which a user has deleted a part, in the Data module, is shown as far as it is there."""

from __future__ import annotations

import pytest
import slicer

from harness.run_double import import_result
from harness.scene_ct import add_ct


@pytest.mark.parametrize("role", ["segmentation", "volumesTable", "lesionsTable", "entropy", "ct"])
def test_the_rest_is_shown(panel, phantom, result_folder, role):
    result = import_result(result_folder, add_ct(phantom.ct.hu, phantom.ct.affine, "CT"))
    slicer.mrmlScene.RemoveNode(result.node(role))
    panel.widget.showResult(result)
    ui = panel.widget.ui
    ui.nextButton.click()
    ui.confirmButton.click()
    ui.thresholdSpinBox.value = 3.5
    assert ui.placesTable.rowCount == len(result.summary["places"])
    assert ui.editorButton.enabled == (role != "segmentation")
    assert ui.volumesTable.rowCount == len(result.summary["volumes"])


@pytest.mark.parametrize("role", ["volumesTable", "lesionsTable", "placesTable"])
def test_a_deleted_table_comes_back_with_the_review(panel, phantom, result_folder, role):
    result = import_result(result_folder, add_ct(phantom.ct.hu, phantom.ct.affine, "CT"))
    panel.widget.showResult(result)
    ui = panel.widget.ui
    slicer.mrmlScene.RemoveNode(result.node(role))
    ui.nextButton.click()
    ui.rejectButton.click()
    ui.resultSelector.setCurrentNode(None)
    ui.resultSelector.setCurrentNode(result.record)
    assert ui.lesionsTable.item(0, ui.lesionsTable.columnCount - 1).text() == "rejected"
    left = result.summary["volumes"][-1]["volume_ml"] - result.summary["lesions"][0]["volume_ml"]
    assert f"Total after review: {left:.1f} mL" in ui.reviewLabel.text
