"""Volume agreement and intervals against scikit-learn, SciPy and by hand."""

import numpy as np
import pytest
from scipy.stats import linregress
from sklearn.metrics import mean_absolute_error, r2_score

from hemorrhage_training.evaluation.agreement import interval_quality, volume_agreement


def test_agrees_with_scikit_learn_and_scipy():
    rng = np.random.default_rng(0)
    reference = rng.gamma(2, 15, 60)
    predicted = 0.8 * reference + 3 + rng.normal(0, 4, 60)
    agreement = volume_agreement(predicted, reference)
    assert agreement.r2 == pytest.approx(r2_score(reference, predicted))
    assert agreement.r2_of_line == pytest.approx(linregress(predicted, reference).rvalue ** 2)
    assert agreement.absolute_error_ml == pytest.approx(mean_absolute_error(reference, predicted))


def test_bland_altman_by_hand():
    agreement = volume_agreement([11, 18, 33], [10, 20, 30])  # differences 1, -2, 3
    spread = np.sqrt(((1 - 2 / 3) ** 2 + (-2 - 2 / 3) ** 2 + (3 - 2 / 3) ** 2) / 2)
    assert agreement.bias_ml == pytest.approx(2 / 3)
    assert agreement.low_limit_ml == pytest.approx(2 / 3 - 1.96 * spread)
    assert agreement.high_limit_ml == pytest.approx(2 / 3 + 1.96 * spread)


def test_few_or_constant_volumes():
    assert volume_agreement([], []).bias_ml is None
    one = volume_agreement([3], [2])
    assert (one.bias_ml, one.low_limit_ml, one.r2) == (1, None, None)
    assert volume_agreement([1, 2], [5, 5]).r2 is None


def test_intervals_by_hand():
    quality = interval_quality([0, 5, 9, None], [10, 6, 12, None], [4, 7, 9, 3])
    assert (quality.intervals, quality.withheld) == (3, 1)
    assert quality.coverage == pytest.approx(2 / 3)  # an end counts as inside
    assert quality.width_ml == pytest.approx((10 + 1 + 3) / 3)
    assert quality.relative_width == pytest.approx(np.median([10 / 4, 1 / 7, 3 / 9]))


def test_wilson_interval_of_the_coverage():
    """Textbook form of Wilson's interval for 9 of 10."""
    z, n, p = 1.959963984540054, 10, 0.9
    center = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    reach = z / (1 + z**2 / n) * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    quality = interval_quality([0.0] * 10, [1.0] * 10, [0.5] * 9 + [2.0])
    assert (quality.coverage_low, quality.coverage_high) == pytest.approx((center - reach, center + reach))


def test_no_interval_at_all():
    assert interval_quality([None], [None], [3.0]).coverage is None
