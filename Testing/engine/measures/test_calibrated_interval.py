"""Calibrated intervals: the score and the correction are each other's inverse, and no interval is stated without grounds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hemorrhage.interval_kind import IntervalKind
from hemorrhage.measures.calibrated_interval import IntervalCalibration, conformity_scores, corrected_interval
from hemorrhage.models.calibration import Calibration, SamplingProcedure, settings_sha256
from hemorrhage.models.model_card import ModelCard

SHA = "ab" * 32
RUN = {"method": "tta", "samples": 20, "transforms": 5, "presets": ["anisotropic"]}
STRATA = [
    {"above_ml": None, "up_to_ml": 0.0, "cases": 200, "low_correction": -0.2, "high_correction": 0.0},
    {"above_ml": 0.0, "up_to_ml": 5.0, "cases": 50, "low_correction": 0.5, "high_correction": 0.25},
    {"above_ml": 5.0, "up_to_ml": 30.0, "cases": 30, "low_correction": -0.1, "high_correction": 0.1},
    {"above_ml": 30.0, "up_to_ml": None, "cases": 7, "low_correction": None, "high_correction": None},
]
volumes_ml = st.floats(0, 200)


def card(**changes: object) -> ModelCard:
    calibration = {
        "level": 0.9,
        "model_sha256": PLAIN.sha256,
        "settings_sha256": settings_sha256(PLAIN),
        "sampling": RUN,
        "data": {"description": "phantoms", "cases": 287, "with_hemorrhage": 87},
        "volumes": {"IPH": {"largest_ml": 60.0, "strata": STRATA}},
        "temperature": {"temperature": 1.5, "voxels": 10, "nll_before": 0.5, "nll_after": 0.4},
        "created": "2026-01-01",
        "program": "test",
        **changes,
    }
    return ModelCard.model_validate({**ABOUT, "files": FILES, "calibration": calibration})


FILES = {"weights.safetensors": SHA}
ABOUT = {"name": "m", "title": "t", "classes": ["background", "IPH"], "intended_use": "tests", "license": "none"}
PLAIN = ModelCard.model_validate({**ABOUT, "files": FILES})


def calibration_of(run: dict[str, object] | None = None, **changes: object) -> IntervalCalibration:
    found = IntervalCalibration.of(card(**changes), SamplingProcedure.model_validate({**RUN, **(run or {})}))
    assert found is not None
    return found


@given(low=volumes_ml, width=volumes_ml, true=volumes_ml, where=st.floats(0, 1))
def test_interval_corrected_by_the_scores_ends_at_the_true_volume(low, width, true, where):
    """Moved by a little more than its score, each end lets the true volume in; by a little less, one end does not."""
    high, volume = low + width, low + where * width
    below, above = (float(score) for score in conformity_scores(low, high, true))
    inside = corrected_interval(low, high, volume, max(below, 0) + 1e-9, max(above, 0) + 1e-9)
    assert inside[0] <= true <= inside[1]
    if max(below, above) > 1e-3:
        outside = corrected_interval(low, high, volume, below - 1e-6 if below > 0 else 0, above - 1e-6 if above > 0 else 0)
        assert not outside[0] <= true <= outside[1]


def test_score_is_the_distance_of_cube_roots():
    below, above = conformity_scores([8, 8, 8], [27, 27, 27], [1, 64, 15.625])
    np.testing.assert_allclose(below, [1, -2, -0.5])
    np.testing.assert_allclose(above, [-2, 1, -0.5])
    assert corrected_interval(8, 27, 10, 1, 0) == pytest.approx((1, 27))
    assert corrected_interval(8, 27, 10, 0, 1) == pytest.approx((8, 64))
    assert corrected_interval(0, 0, 0, 0.5, 0.5) == pytest.approx((0, 0.125))
    assert corrected_interval(8, 27, 26, -0.3, -0.3) == pytest.approx((12.167, 26))  # widened to hold the volume
    assert corrected_interval(8, 27, 26, -0.75, -0.75) == (26, 26)  # the ends have passed each other


def test_each_size_gets_its_correction():
    calibration = calibration_of()
    small = calibration.state("IPH", 1.0, 1.0, 8.0)
    assert (small.low_ml, small.high_ml) == pytest.approx((0.125, 2.25**3))
    assert small.kind is IntervalKind.CALIBRATED
    none_found = calibration.state("IPH", 0.0, 0.0, 2.0)
    assert (none_found.low_ml, none_found.high_ml) == pytest.approx((0, 2))
    medium = calibration.state("IPH", 27.0, 8.0, 64.0)
    assert (medium.low_ml, medium.high_ml) == pytest.approx((2.1**3, 4.1**3))
    assert calibration.state("IPH", 5.0, 5.0, 5.0).high_ml == pytest.approx((5 ** (1 / 3) + 0.25) ** 3)  # a limit belongs below


@pytest.mark.parametrize(
    ("name", "volume_ml", "reason"),
    [("IPH", 60.5, "larger than the largest"), ("IPH", 45.0, "only 7 cases"), ("SDH", 3.0, "not calibrated for it")],
)
def test_interval_is_withheld_with_a_reason(name, volume_ml, reason):
    stated = calibration_of().state(name, volume_ml, volume_ml, volume_ml)
    assert (stated.low_ml, stated.high_ml, stated.kind) == (None, None, IntervalKind.WITHHELD)
    assert reason in stated.note


@pytest.mark.parametrize(
    ("run", "reason"),
    [
        ({"samples": 5}, "20 samples, not 5"),
        ({"transforms": 2}, "5 transforms per sample, not 2"),
        ({"presets": ["paper"]}, "preset paper"),
        ({"method": "deterministic"}, "method tta, not deterministic"),
    ],
)
def test_run_that_differs_from_the_calibration_gets_no_interval(run, reason):
    calibration = calibration_of(run)
    stated = calibration.state("IPH", 1.0, 0.5, 2.0)
    assert stated.kind is IntervalKind.WITHHELD
    assert reason in stated.note
    assert calibration.record()["applies"] is False


def test_calibration_of_other_weights_gives_no_interval():
    stated = calibration_of(model_sha256="cd" * 32).state("IPH", 1.0, 0.5, 2.0)
    assert stated.low_ml is None
    assert "other weights" in stated.note


def test_calibration_ends_with_a_setting_that_changes_predictions_but_not_with_a_title():
    run = SamplingProcedure.model_validate(RUN)
    renamed = card().model_copy(update={"title": "another", "evaluation": {"dice": 0.5}})
    whole = card().model_copy(update={"windows": "whole"})
    for changed, reason in ((renamed, ""), (whole, "settings")):
        calibration = IntervalCalibration.of(changed, run)
        assert calibration is not None
        assert reason in calibration.withheld
        assert bool(calibration.withheld) == bool(reason)


def test_model_without_calibration_has_none():
    plain = ModelCard.model_validate(ABOUT)
    assert IntervalCalibration.of(plain, SamplingProcedure.model_validate(RUN)) is None


def test_card_with_calibration_survives_json():
    written = card()
    assert ModelCard.model_validate_json(written.to_json()) == written
    assert written.calibration == Calibration.model_validate(written.model_dump()["calibration"])
