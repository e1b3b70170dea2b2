"""Split-conformal calibration: the quantile's closed form, and its guarantee on distributions where the truth is known."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import beta

from hemorrhage.errors import ArgumentError
from hemorrhage.measures.calibrated_interval import corrected_interval
from hemorrhage_training.calibration.conformal import (
    FEWEST_CASES,
    STRATUM_LIMITS_ML,
    VolumeErrors,
    calibrate_volume,
    conformal_quantile,
)


@given(n=st.integers(1, 400), percent=st.integers(50, 99))
def test_quantile_is_the_order_statistic_of_the_closed_form(n, percent):
    """The ceil((n + 1) level)-th smallest, with the level as the decimal number that it was written as."""
    rank = math.ceil(Fraction((n + 1) * percent, 100))
    found = conformal_quantile(np.random.default_rng(n).permutation(n) + 1, percent / 100)
    assert found == (rank if rank <= n else math.inf)


def test_equals_numpys_quantile_of_the_inflated_level():
    scores = np.random.default_rng(1).normal(size=137)
    expected = np.quantile(scores, math.ceil(138 * 0.9) / 137, method="inverted_cdf")
    assert conformal_quantile(scores, 0.9) == expected


def test_level_must_lie_between_0_and_1():
    for level in (0.0, 1.0, 90.0):
        with pytest.raises(ArgumentError, match="between 0 and 1"):
            conformal_quantile([1.0], level)


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 2**20), n=st.sampled_from([20, 57, 99]), shape=st.sampled_from(["normal", "cauchy", "exponential"]))
def test_coverage_over_calibrations_is_what_theory_says(seed, n, shape):
    """New scores fall at or below the quantile with probability k / (n + 1); 4 standard errors of 2000 calibrations."""
    rng = np.random.default_rng(seed)
    draw = {"normal": rng.standard_normal, "cauchy": rng.standard_cauchy, "exponential": rng.standard_exponential}[shape]
    scores, new = draw((2000, n)), draw(2000)
    covered = np.mean([value <= conformal_quantile(each, 0.9) for each, value in zip(scores, new, strict=True)])
    rank = math.ceil(Fraction((n + 1) * 9, 10))
    expected = rank / (n + 1)
    assert expected >= 0.9
    assert abs(covered - expected) < 4 * math.sqrt(expected * (1 - expected) / 2000)


def simulated_errors(rng: np.random.Generator, cases: int) -> VolumeErrors:
    """A method that finds too little, misses some, and whose samples agree far too well; larger lesions, larger errors."""
    true = np.where(rng.random(cases) < 0.4, 0.0, rng.lognormal(2.3, 1.2, cases))
    error = rng.normal(-0.15, 0.2 + 0.1 * (true > 30), cases)
    predicted = np.where(true > 0, np.maximum(np.cbrt(true) + error, 0) ** 3, np.maximum(error - 0.2, 0) ** 3)
    predicted[rng.random(cases) < 0.03] = 0
    spread = 0.02 * predicted
    return VolumeErrors(predicted, predicted - spread, predicted + spread, true)


def covered(errors: VolumeErrors, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    return (low <= errors.reference_ml) & (errors.reference_ml <= high)


@pytest.mark.parametrize("seed", range(3))
def test_every_size_is_covered_as_promised(seed):
    """The samples' own intervals miss most lesions; calibrated ones hold 90 % in every stratum, within their sampling error."""
    rng = np.random.default_rng(seed)
    calibration = calibrate_volume(simulated_errors(rng, 2000), 0.9)
    test = simulated_errors(rng, 20_000)
    found = test.predicted_ml > 0
    assert covered(test, test.low_ml, test.high_ml)[found].mean() < 0.3
    sizes = np.digitize(test.predicted_ml, STRATUM_LIMITS_ML, right=True)
    for number, stratum in enumerate(calibration.strata):
        inside = np.flatnonzero(sizes == number)
        moved = (stratum.low_correction, stratum.high_correction)
        assert None not in moved
        low, high = np.array(
            [corrected_interval(test.low_ml[i], test.high_ml[i], test.predicted_ml[i], *moved) for i in inside]
        ).T
        true = test.reference_ml[inside]
        slack = 4 * math.sqrt(0.09 / inside.size)
        if number == 0:  # nothing found: the lower end is 0, all of 10 % is the upper end's
            rank = math.ceil(Fraction((stratum.cases + 1) * 9, 10))
            assert (true <= high).mean() > beta(rank, stratum.cases + 1 - rank).ppf(1e-4) - slack
            assert (low == 0).all()
            continue
        rank = math.ceil(Fraction((stratum.cases + 1) * 95, 100))
        # What lies on the right side of one calibration's end follows this distribution; ties and widening can only raise it.
        fewest, most = beta(rank, stratum.cases + 1 - rank).ppf([1e-4, 1 - 1e-4])
        assert (low <= true).mean() > fewest - slack
        assert fewest - slack < (true <= high).mean() < most + slack
        assert ((low <= true) & (true <= high)).mean() > 2 * fewest - 1 - slack


def test_size_with_too_few_cases_gets_no_correction():
    n = FEWEST_CASES
    predicted = np.array([1.0] * n + [10.0] * (n - 1) + [0.0] * n)
    calibration = calibrate_volume(VolumeErrors(predicted, predicted, predicted, predicted), 0.9)
    assert [each.cases for each in calibration.strata] == [n, n, n - 1, 0]
    assert [each.low_correction for each in calibration.strata] == [0.0, 0.0, None, None]
    assert [each.high_correction for each in calibration.strata] == [0.0, 0.0, None, None]
    assert calibration.largest_ml == 10
    assert calibrate_volume(VolumeErrors(predicted, predicted, predicted, predicted), 0.99).strata[0].high_correction is None


def test_no_cases_are_refused():
    none = np.zeros(0)
    with pytest.raises(ArgumentError, match="no case"):
        calibrate_volume(VolumeErrors(none, none, none, none), 0.9)
