"""Change between two volume distributions, against counting every pair by hand and against closed forms."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from harness.synthetic_segmentation import BLOBS, synthetic_segmentation
from hemorrhage.commands.app import app
from hemorrhage.errors import ArgumentError, UnreadableInputError
from hemorrhage.measures import ExpansionCriterion, compare_results, compare_volumes

volumes = st.lists(st.integers(0, 400).map(lambda quarter: quarter / 4), min_size=1, max_size=12)


@settings(max_examples=200, deadline=None)
@given(earlier=volumes, later=volumes, growth_ml=st.sampled_from([0.0, 6.0, 12.5]), percent=st.sampled_from([0.0, 25.0, 50.0]))
@example(earlier=[0.0], later=[6.0], growth_ml=6.0, percent=25.0)
@example(earlier=[4.0], later=[5.0], growth_ml=6.0, percent=25.0)
def test_every_pair_counts_once(earlier, later, growth_ml, percent):
    change = compare_volumes("IPH", earlier[0], earlier, later[0], later, ExpansionCriterion(growth_ml, percent))
    pairs = list(itertools.product(earlier, later))
    grown = [b - a > growth_ml or (a > 0 and (b - a) * 100 > percent * a) for a, b in pairs]
    assert change.probability_expansion == pytest.approx(sum(grown) / len(pairs), abs=1e-12)
    low, high = np.quantile([b - a for a, b in pairs], [0.05, 0.95])
    assert change.low_ml == pytest.approx(min(low, change.change_ml))
    assert change.high_ml == pytest.approx(max(high, change.change_ml))
    assert change.change_ml == later[0] - earlier[0]


def test_uniform_volumes_have_a_closed_form():
    """A on [40, 50], B on [46, 56]: P(B - A > 6) = 1/2, as B - 6 and A are distributed alike."""
    steps = (np.arange(1000) + 0.5) / 100
    change = compare_volumes("IPH", 45, 40 + steps, 51, 46 + steps, ExpansionCriterion(6, 1000))
    assert change.probability_expansion == pytest.approx(0.5, abs=1e-3)
    assert (change.change_ml, change.change_percent) == (6, pytest.approx(100 * 6 / 45))


def test_a_large_hematoma_grows_by_milliliters_a_small_one_by_percent():
    assert compare_volumes("IPH", 60, [60], 66.5, [66.5]).probability_expansion == 1
    assert compare_volumes("IPH", 60, [60], 66, [66]).probability_expansion == 0
    assert compare_volumes("IPH", 3, [3], 4.1, [4.1]).probability_expansion == 1
    assert compare_volumes("IPH", 3, [3], 3.9, [3.9]).probability_expansion == 0


def test_new_blood_is_expansion_only_beyond_the_milliliters():
    change = compare_volumes("IVH", 0, [0, 0], 5, [0.01, 7])
    assert change.probability_expansion == 0.5
    assert change.change_percent is None


@pytest.mark.parametrize(
    ("earlier", "later"), [([], [1.0]), ([1.0], []), ([-1.0], [1.0]), ([float("nan")], [1.0]), ([1.0], [float("inf")])]
)
def test_volumes_that_are_none(earlier, later):
    with pytest.raises(ArgumentError, match="segment both CTs again"):
        compare_volumes("IPH", 1, earlier, 1, later)


@pytest.mark.parametrize("criterion", [(-1, 33), (6, -1), (float("nan"), 33)])
def test_thresholds_that_are_none(criterion):
    with pytest.raises(ArgumentError, match="must be 0"):
        ExpansionCriterion(*criterion)


def test_only_classes_of_both_results_are_compared():
    earlier = {"volumes": [{"name": name, "volume_ml": 1.0, "samples_ml": [1.0]} for name in ("EDH", "IPH", "total")]}
    later = {"volumes": [{"name": name, "volume_ml": 9.0, "samples_ml": [9.0]} for name in ("IPH", "SDH", "total")]}
    assert [change.name for change in compare_results(earlier, later)] == ["IPH", "total"]
    with pytest.raises(ArgumentError, match="same model"):
        compare_results({"volumes": earlier["volumes"][:1]}, later)
    with pytest.raises(ArgumentError, match="not the result"):
        compare_results({}, later)


def test_comparing_needs_neither_torch_nor_scipy():
    code = "import sys, hemorrhage.measures.expansion; print({'torch', 'scipy', 'pydantic', 'SimpleITK'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """Two saved results; in the later one the IPH is larger."""
    place = tmp_path_factory.mktemp("results")
    grown = tuple((name, centre, tuple(1.3 * r for r in radii), height) for name, centre, radii, height in BLOBS)
    shape = (8, 32, 32)
    return (
        synthetic_segmentation(shape=shape).save(place / "earlier"),
        synthetic_segmentation(shape=shape, blobs=grown).save(place / "later"),
    )


def test_command_prints_json(results):
    run = CliRunner().invoke(app, ["compare", *map(str, results), "--json", "--growth-ml", "3"], catch_exceptions=False)
    record = json.loads(run.stdout)
    assert record["criterion"] == {"growth_ml": 3.0, "growth_percent": 33.0}
    parsed = [json.loads((folder / "result.json").read_text()) for folder in results]
    expected = compare_results(*parsed, ExpansionCriterion(3.0))
    assert [each["name"] for each in record["changes"]] == ["EDH", "IPH", "IVH", "SAH", "SDH", "total"]
    assert record["changes"][1]["probability_expansion"] == expected[1].probability_expansion == 1
    assert record["changes"][1]["change_ml"] > 0


def test_command_prints_a_table(results):
    run = CliRunner().invoke(app, ["compare", *map(str, results)], catch_exceptions=False)
    assert "100 %" in next(line for line in run.stdout.splitlines() if "IPH" in line)
    assert "more than 6 mL or 33 %" in run.stdout


@pytest.mark.parametrize("content", [None, "{}", "nonsense"])
def test_command_refuses_what_is_no_result(results, tmp_path, content):
    if content is not None:
        (tmp_path / "result.json").write_text(content)
    with pytest.raises(UnreadableInputError, match="name the folder of a result"):
        CliRunner().invoke(app, ["compare", str(tmp_path), str(results[1])], catch_exceptions=False)
