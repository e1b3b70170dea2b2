"""The volumes in the panel: every number with its unit, what the model said beside what the review left."""

from __future__ import annotations

import json
from copy import deepcopy

import pytest

from harness.run_double import import_result
from harness.scene_ct import add_ct
from HemorrhageUncertaintyLib.table_node import columnValues

MODEL, REVIEWED, INTERVAL, ABOVE, ABC2, ENTROPY = 1, 2, 3, 4, 5, 7


@pytest.fixture
def table(panel):
    return panel.widget.ui.volumesTable


@pytest.fixture
def result(phantom, result_folder):
    return import_result(result_folder, add_ct(phantom.ct.hu, phantom.ct.affine, "CT"))


def texts(table):
    return {
        table.item(row, 0).text(): [table.item(row, column).text() for column in range(table.columnCount)]
        for row in range(table.rowCount)
    }


def test_every_volume_has_its_unit(panel, table, result):
    panel.widget.showResult(result)
    headers = [table.horizontalHeaderItem(column).text() for column in range(table.columnCount)]
    for column in (MODEL, REVIEWED, INTERVAL, ABC2):
        assert headers[column].endswith("(mL)")
    thresholds = columnValues(result.node("volumesTable"), "exceeds_ml")
    for row, threshold in zip(texts(table).values(), thresholds, strict=True):
        assert f"{row[ABOVE]} {headers[ABOVE]}".replace("\n", " ").count(f"> {threshold:g} mL") == 1


def test_reviewed_volumes_appear_beside_the_models_and_follow(panel, table, result):
    panel.widget.showResult(result)
    assert table.isColumnHidden(REVIEWED)
    before = texts(table)
    panel.widget.ui.lesionsTable.setCurrentCell(0, 0)
    panel.widget.ui.rejectButton.click()
    assert not table.isColumnHidden(REVIEWED)
    lesion = result.summary["lesions"][0]
    volume = next(row for row in result.summary["volumes"] if row["name"] == lesion["name"])
    after = texts(table)
    assert after[lesion["name"]][REVIEWED] == f"{volume['volume_ml'] - lesion['volume_ml']:.1f}"
    assert after[lesion["name"]][MODEL] == before[lesion["name"]][MODEL]
    assert "as the model made it" in table.horizontalHeaderItem(MODEL).toolTip()
    panel.widget.ui.clearMarkButton.click()
    assert table.isColumnHidden(REVIEWED)


def test_what_is_absent_has_no_bedside_estimate_and_no_uncertainty(panel, table, result):
    panel.widget.showResult(result)
    absent = next(row["name"] for row in result.summary["volumes"] if row["volume_ml"] == 0)
    row = texts(table)[absent]
    assert row[MODEL] == "0.0"
    assert row[ABC2] == row[ENTROPY] == "\N{EN DASH}"


def test_a_single_sample_gives_no_interval_and_no_probability(panel, table, result):
    summary = deepcopy(result.summary)
    for volume in summary["volumes"]:
        volume["samples_ml"] = volume["samples_ml"][:1]
    result.record.SetParameter("result", json.dumps(summary))
    panel.widget.showResult(result)
    for row in texts(table).values():
        assert row[INTERVAL] == "\N{EN DASH}"
        assert "%" not in row[ABOVE]
    assert "more samples" in table.horizontalHeaderItem(INTERVAL).toolTip()
