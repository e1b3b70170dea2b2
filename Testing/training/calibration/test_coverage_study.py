"""The study judges intervals on fresh cases: what it counts, and the rule of thumb that it compares with."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from hemorrhage.models.calibration import Calibration
from hemorrhage_training.calibration.conformal import VolumeErrors, calibrate_volume
from hemorrhage_training.calibration.coverage_over_splits import coverage_over_splits
from hemorrhage_training.calibration.coverage_study import RelativeInterval, study_coverage
from hemorrhage_training.calibration.coverage_tables import coverage_report, coverage_rows, splits_report, verdict


def errors(rng: np.random.Generator, cases: int) -> VolumeErrors:
    """The outline is wrong by a distance that does not depend on the size; samples differ by half of that."""
    true = rng.lognormal(2.0, 1.3, cases)
    predicted = np.maximum(np.cbrt(true) + rng.normal(-0.1, 0.2, cases), 0.05) ** 3
    spread = np.abs(rng.normal(0.1, 0.02, cases))
    low, high = (np.maximum(np.cbrt(predicted) + sign * spread, 0) ** 3 for sign in (-1, 1))
    return VolumeErrors(predicted, low, high, true)


def calibration(known: VolumeErrors) -> Calibration:
    return Calibration.model_validate(
        {
            "level": 0.9,
            "model_sha256": "0" * 64,
            "settings_sha256": "0" * 64,
            "sampling": {"method": "tta", "samples": 20, "transforms": 5, "presets": []},
            "data": {"description": "drawn", "cases": known.predicted_ml.size, "with_hemorrhage": known.predicted_ml.size},
            "volumes": {"total": calibrate_volume(known, 0.9)},
            "temperature": {"temperature": 1, "voxels": 1, "nll_before": 0, "nll_after": 0},
            "created": "",
            "program": "",
        }
    )


def test_calibrated_intervals_are_covered_and_narrower_than_the_rule_of_thumb():
    """On errors of the kind that the cube root is made for; the samples' intervals hold far too little."""
    rng = np.random.default_rng(5)
    known, test = errors(rng, 400), errors(rng, 4000)
    (total,) = study_coverage(calibration(known), {"total": known}, {"total": test})
    assert total.cases == 4000
    assert total.withheld == int((test.predicted_ml > known.predicted_ml.max()).sum())
    assert total.calibrated.intervals == total.samples.intervals == total.relative.intervals == 4000 - total.withheld
    assert total.calibrated.coverage == pytest.approx(0.9, abs=0.04)
    assert total.relative.coverage == pytest.approx(0.9, abs=0.05)
    assert total.samples.coverage is not None
    assert total.samples.coverage < 0.5
    assert total.is_narrower
    assert sum(each.cases for each in total.strata) == total.cases
    assert sum(each.calibrated.intervals for each in total.strata) == total.calibrated.intervals
    covered = [(each.calibrated.coverage or 0) * each.calibrated.intervals for each in total.strata]
    assert sum(covered) == pytest.approx(total.calibrated.coverage * total.calibrated.intervals)


def test_a_stratum_with_too_few_cases_is_withheld_and_others_are_not():
    """Each stratum is stated from 20 calibration cases on, however many there are in all."""
    rng = np.random.default_rng(7)
    known, test = errors(rng, 60), errors(rng, 500)
    (total,) = study_coverage(calibration(known), {"total": known}, {"total": test})
    stated = {each.stratum.cases >= 20: [] for each in total.strata}
    for each in total.strata:
        stated[each.stratum.cases >= 20].append(each.calibrated.intervals > 0)
        assert each.cases == each.calibrated.intervals + each.calibrated.withheld
    assert stated == {True: [True] * len(stated[True]), False: [False] * len(stated[False])}
    assert len(stated) == 2


def test_best_relative_interval_is_the_shortest_that_holds_enough():
    """Compared with all windows between two ratios."""
    rng = np.random.default_rng(6)
    for cases in (9, 25, 60):
        known = errors(rng, cases)
        ratios = known.reference_ml / known.predicted_ml
        needed = math.ceil(round((cases + 1) * 0.9, 9))
        windows = [
            high - low
            for low, high in itertools.product(ratios, ratios)
            if low <= high and ((low <= ratios) & (ratios <= high)).sum() >= needed
        ]
        best = RelativeInterval.best(known, 0.9)
        assert best.highest - best.lowest == pytest.approx(min(windows))


def test_relative_interval_says_zero_where_nothing_was_found():
    predicted = np.array([0.0] * 15 + [10.0] * 5)
    missed = np.array([0.0] * 14 + [4.0] + [9.0, 10.0, 11.0, 12.0, 30.0])
    known = VolumeErrors(predicted, predicted, predicted, missed)
    best = RelativeInterval.best(known, 0.9)  # 19 of 20: 14 are held at 0, all five others must be
    assert (best.lowest, best.highest) == pytest.approx((0.9, 3.0))
    low, high = best.ends(np.array([0.0, 2.0]))
    np.testing.assert_allclose((low, high), ([0, 1.8], [0, 6.0]))
    worse = VolumeErrors(predicted, predicted, predicted, np.where(predicted > 0, missed, 4.0))
    assert RelativeInterval.best(worse, 0.9) == RelativeInterval(0.0, math.inf)


def test_the_report_says_who_keeps_the_promise():
    """Three methods of the same cases: one calibrated on its like, one on cases without error, one on far larger errors."""
    rng = np.random.default_rng(8)
    known, test = errors(rng, 400), errors(rng, 400)
    exact = VolumeErrors(*[known.predicted_ml] * 4)
    rough = VolumeErrors(
        known.predicted_ml, known.predicted_ml, known.predicted_ml, known.predicted_ml * rng.choice((0.2, 5), 400)
    )
    said = {}
    for name, calibrated_with in (("alike", known), ("exact", exact), ("rough", rough)):
        (total,) = study_coverage(calibration(calibrated_with), {"total": calibrated_with}, {"total": test})
        said[name] = verdict(total, 0.9)
    assert "within 4 points of 90 %; narrower" in said["alike"]
    assert "**less than promised**" in said["exact"]
    assert "more than promised" in said["rough"]
    (total,) = study_coverage(calibration(known), {"total": known}, {"total": test})
    head, row = coverage_rows([total])
    assert len(head) == len(row)
    assert dict(zip(head, row, strict=False))["test cases"] == "400"
    report = coverage_report([total], 0.9, 20)
    assert "from 20 calibration cases on" in report
    assert sum(line.startswith("| total |") for line in report.splitlines()) == 1 + len(total.strata)


def test_a_study_of_few_cases_says_that_nothing_was_stated():
    rng = np.random.default_rng(9)
    (total,) = study_coverage(calibration(errors(rng, 6)), {"total": errors(rng, 6)}, {"total": errors(rng, 5)})
    assert verdict(total, 0.9) == "total: no interval was stated."


def test_many_divisions_keep_the_promise_on_average():
    """Halves of 120 cases scatter by some points; their mean does not, and is no less than promised."""
    cases = errors(np.random.default_rng(11), 120)
    (total,) = coverage_over_splits(calibration(cases), {"total": cases}, 60, splits=100)
    assert 0.9 <= total.coverage <= 0.97
    assert 0.01 < total.deviation < 0.06
    assert 0 < total.width_ml < total.relative_width_ml
    text = splits_report([total], 100)
    assert "100 times" in text
    assert f"| total | {100 * total.coverage:.1f} %" in text
