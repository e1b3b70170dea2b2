"""Bootstrap intervals against SciPy's."""

import numpy as np
import pytest
from scipy import stats

from hemorrhage_training.evaluation import bootstrap
from hemorrhage_training.evaluation.bootstrap import mean_with_interval, ratio_with_interval


def test_mean_agrees_with_scipy():
    values = np.random.default_rng(0).beta(4, 2, 80)
    estimate = mean_with_interval(values)
    theirs = stats.bootstrap((values,), np.mean, n_resamples=9999, method="percentile", rng=1).confidence_interval
    assert estimate.value == pytest.approx(values.mean())
    assert (estimate.low, estimate.high) == pytest.approx((theirs.low, theirs.high), abs=0.005)


def test_ratio_agrees_with_scipy():
    rng = np.random.default_rng(1)
    lesions = rng.integers(1, 8, 60)
    found = rng.binomial(lesions, 0.7)
    estimate = ratio_with_interval(found, lesions)

    def ratio(top, bottom, axis=-1):
        return top.sum(axis=axis) / bottom.sum(axis=axis)

    theirs = stats.bootstrap((found, lesions), ratio, paired=True, n_resamples=9999, method="percentile", rng=1)
    assert estimate.value == pytest.approx(found.sum() / lesions.sum())
    assert (estimate.low, estimate.high) == pytest.approx(theirs.confidence_interval, abs=0.01)


def test_resampling_in_parts_draws_as_many(monkeypatch):
    values = np.random.default_rng(2).random(50)
    whole = mean_with_interval(values)
    monkeypatch.setattr(bootstrap, "_AT_ONCE", 700)
    parts = mean_with_interval(values)
    assert (parts.low, parts.high) == pytest.approx((whole.low, whole.high))


def test_few_cases():
    assert mean_with_interval([]) is None
    assert ratio_with_interval([0, 0], [0, 0]) is None
    one = mean_with_interval([0.4])
    assert (one.value, one.low, one.high) == (0.4, None, None)
