"""The comparison in the panel belongs to what is selected, and follows the review."""

from __future__ import annotations

import json
from copy import deepcopy

import pytest
import slicer

from harness.run_double import import_result
from harness.scene_ct import add_ct
from HemorrhageUncertaintyLib.hemorrhage_result import HemorrhageResult
from HemorrhageUncertaintyLib.marks import ItemKind, Mark
from HemorrhageUncertaintyLib.review import Review
from HemorrhageUncertaintyLib.table_node import columnValues


@pytest.fixture
def compared(panel, phantom, result_folder):
    """Three results, of which the first two were compared in the panel."""
    cts = [add_ct(phantom.ct.hu, phantom.ct.affine, f"CT {number}") for number in (1, 2, 3)]
    results = [import_result(result_folder, ct) for ct in cts]
    panel.widget.ui.earlierSelector.setCurrentNode(results[0].record)
    panel.widget.ui.laterSelector.setCurrentNode(results[1].record)
    panel.widget.ui.compareButton.click()
    return results


@pytest.fixture
def view(panel):
    return panel.widget.ui.comparisonTableView


def test_a_comparison_of_other_results_is_not_shown_as_if_it_were_of_these(panel, view, compared):
    ui, table = panel.widget.ui, view.mrmlTableNode()
    ui.compareCollapsibleButton.collapsed = False
    assert table is not None
    assert view.isVisibleTo(panel.widget.parent)
    ui.earlierSelector.setCurrentNode(compared[2].record)
    assert view.mrmlTableNode() is None
    assert not view.isVisibleTo(panel.widget.parent)
    ui.earlierSelector.setCurrentNode(compared[0].record)
    assert view.mrmlTableNode() is table
    ui.expansionMlSpinBox.value = 12
    assert view.mrmlTableNode() is None
    ui.expansionMlSpinBox.value = 6
    assert view.mrmlTableNode() is table


def test_a_comparison_follows_the_review_of_either_result(view, compared):
    assert columnValues(view.mrmlTableNode(), "reviewed_change_ml")[-1] == pytest.approx(0, abs=1e-3)
    lesion = compared[0].summary["lesions"][0]
    Review(compared[0]).mark(ItemKind.LESION, lesion["number"], Mark.REJECTED)
    assert columnValues(view.mrmlTableNode(), "reviewed_change_ml")[-1] == pytest.approx(lesion["volume_ml"], abs=2e-3)
    assert columnValues(view.mrmlTableNode(), "change_ml")[-1] == pytest.approx(0, abs=1e-3)


def test_a_comparison_is_shown_again_after_saving_and_loading(view, compared, tmp_path):
    kept = columnValues(view.mrmlTableNode(), "later_ml")
    assert slicer.util.saveScene(str(tmp_path / "scene.mrb"))
    slicer.mrmlScene.Clear(False)
    assert view.mrmlTableNode() is None
    slicer.util.loadScene(str(tmp_path / "scene.mrb"))
    assert columnValues(view.mrmlTableNode(), "later_ml") == kept


def test_nothing_is_followed_after_the_later_result_has_gone(view, compared):
    compared[1].remove()
    Review(compared[0]).update()
    assert view.mrmlTableNode() is None
    assert len(HemorrhageResult.all()) == 2


def test_a_result_of_one_sample_is_said_to_give_no_probability(panel, view, compared):
    summary = deepcopy(compared[0].summary)
    for row in summary["volumes"]:
        row["samples_ml"] = row["samples_ml"][:1]
    compared[0].record.SetParameter("result", json.dumps(summary))
    panel.widget.comparison.update()
    assert panel.widget.ui.patientsLabel.text.startswith("A result of a single sample gives no interval")
    panel.widget.ui.compareButton.click()
    assert "probability_expansion" not in {view.mrmlTableNode().GetColumnName(index) for index in range(9)}


def test_different_patients_are_noticed_but_not_refused(panel, view, compared):
    ui = panel.widget.ui
    assert not ui.patientsLabel.isVisibleTo(panel.widget.parent)
    compared[0].ct.SetAttribute("DICOM.PatientID", "17")
    compared[1].ct.SetAttribute("DICOM.PatientID", "18")
    panel.widget.comparison.update()
    ui.compareCollapsibleButton.collapsed = False
    assert "different patients" in ui.patientsLabel.text
    assert ui.patientsLabel.isVisibleTo(panel.widget.parent)
    assert ui.compareButton.enabled
    ui.laterSelector.setCurrentNode(compared[2].record)
    assert ui.patientsLabel.text == ""
