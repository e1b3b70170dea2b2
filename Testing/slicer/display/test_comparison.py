"""Two results side by side: change, interval, and the probability of expansion over all pairs of samples."""

import itertools
import json
from copy import deepcopy

import numpy as np
import pytest
import slicer

from harness.result_in_scene import add_result
from harness.synthetic_segmentation import BLOBS
from hemorrhage.errors import ArgumentError
from HemorrhageUncertaintyLib.comparison import compare
from HemorrhageUncertaintyLib.hemorrhage_result import HemorrhageResult
from HemorrhageUncertaintyLib.marks import ItemKind, Mark
from HemorrhageUncertaintyLib.review import Review
from HemorrhageUncertaintyLib.table_node import columnValues
from HemorrhageUncertaintyLib.tables import makeTables

GROWN = (
    ("IPH", (-32.0, 5.0, 8.0), (20.0, 25.0, 21.0), 6.0),
    ("SDH", (58.0, 25.0, 20.0), (7.0, 22.0, 22.0), 3.0),
    ("IVH", (10.0, 0.0, 10.0), (9.0, 20.0, 10.0), 6.0),
)


@pytest.fixture
def pair(result, tmp_path):
    """Results of two CTs; in the later one the IPH has grown and there is blood in the ventricles."""
    later = add_result(tmp_path / "later", blobs=GROWN)
    makeTables(later)
    return result, later


def rows(table):
    names = [table.GetColumnName(index) for index in range(table.GetNumberOfColumns())]
    values = [columnValues(table, name) for name in names]
    return {row[0]: dict(zip(names, row, strict=True)) for row in zip(*values, strict=True)}


def samples(result, name):
    return next(row["samples_ml"] for row in result.summary["volumes"] if row["name"] == name)


def test_table_holds_change_interval_and_probability(pair):
    found = rows(compare(*pair))
    assert list(found) == ["EDH", "IPH", "IVH", "SAH", "SDH", "total"]
    pairs = list(itertools.product(samples(pair[0], "IPH"), samples(pair[1], "IPH")))
    grown = found["IPH"]
    assert grown["change_ml"] == pytest.approx(grown["later_ml"] - grown["earlier_ml"], abs=2e-3)
    assert grown["low_ml"] == pytest.approx(np.quantile([b - a for a, b in pairs], 0.05), abs=1e-3)
    expected = np.mean([b - a > 6 or b - a > 0.33 * a for a, b in pairs])
    assert grown["probability_expansion"] == pytest.approx(expected, abs=1e-3)
    assert 0.5 < expected <= 1
    assert grown["change_percent"] == f"{100 * grown['change_ml'] / grown['earlier_ml']:+.0f}"
    assert found["IVH"]["change_percent"] == "new"
    assert found["EDH"]["change_percent"] == ""
    assert found["EDH"]["probability_expansion"] == 0


@pytest.mark.parametrize("side", [0, 1])
def test_a_single_sample_gives_neither_interval_nor_probability(pair, side):
    """It would be sure of everything: 0 or 1."""
    summary = deepcopy(pair[side].summary)
    for row in summary["volumes"]:
        row["samples_ml"] = row["samples_ml"][:1]
    pair[side].record.SetParameter("result", json.dumps(summary))
    found = rows(compare(*pair))["IPH"]
    assert found["change_ml"] == pytest.approx(found["later_ml"] - found["earlier_ml"], abs=2e-3)
    assert not {"low_ml", "high_ml", "probability_expansion"} & set(found)


def test_change_that_rounds_to_nothing_has_no_sign(result, tmp_path):
    blobs = [(name, centre, radii, 0.99 * height) for name, centre, radii, height in BLOBS]
    later = add_result(tmp_path / "later", blobs=blobs, shape=(16, 48, 48))
    makeTables(later)
    changes = [row["change_percent"] for row in rows(compare(result, later)).values()]
    assert "0" in changes
    assert not {"-0", "+0"} & set(changes)


def test_thresholds_can_be_chosen(pair):
    table = compare(*pair, thresholdMl=1000, thresholdPercent=1000)
    assert set(columnValues(table, "probability_expansion")) == {0}
    assert "1000 mL or 1000 %" in table.GetColumnDescription("probability_expansion")
    table = compare(*pair, thresholdMl=0, thresholdPercent=0)
    assert rows(table)["IPH"]["probability_expansion"] > 0.9


def test_review_counts_beside_the_model(pair):
    earlier, later = pair
    review = Review(later)
    review.start()
    number = next(row["number"] for row in later.summary["lesions"] if row["name"] == "IVH")
    before = rows(compare(earlier, later))["IVH"]
    review.mark(ItemKind.LESION, number, Mark.REJECTED)
    after = rows(compare(earlier, later))["IVH"]
    assert before["reviewed_change_ml"] == pytest.approx(before["change_ml"], abs=2e-3)
    assert after["reviewed_change_ml"] == pytest.approx(0, abs=1.0)
    assert after["change_ml"] == before["change_ml"] > 1


def test_repetition_uses_one_table_which_goes_with_the_later_result(pair):
    earlier, later = pair
    table = compare(earlier, later)
    before = slicer.mrmlScene.GetNumberOfNodes()
    assert compare(earlier, later, thresholdMl=3) is table
    assert slicer.mrmlScene.GetNumberOfNodes() == before
    later.remove()
    assert table.GetScene() is None


def test_comparison_survives_saving(pair, tmp_path):
    kept = rows(compare(*pair))
    slicer.util.saveScene(str(tmp_path / "scene.mrb"))
    slicer.mrmlScene.Clear(False)
    slicer.util.loadScene(str(tmp_path / "scene.mrb"))
    earlier, later = HemorrhageResult.all()
    assert rows(later.node("comparisonTable")) == kept
    assert rows(compare(earlier, later)) == kept


def test_unusable_choices_are_refused(pair):
    with pytest.raises(ArgumentError, match="two different results"):
        compare(pair[0], pair[0])
    with pytest.raises(ArgumentError, match="expansion"):
        compare(*pair, thresholdMl=-1)
    assert pair[1].node("comparisonTable") is None
