"""Risk against coverage: by hand, and its bounds."""

import numpy as np
import pytest

from hemorrhage.errors import ArgumentError
from hemorrhage_training.evaluation.risk_coverage import risk_coverage


def test_three_cases_by_hand():
    curve = risk_coverage([0.2, 0.8, 0.5], [0.1, 0.3, 0.9])
    assert curve.coverage == pytest.approx([1 / 3, 2 / 3, 1])
    assert curve.risk == pytest.approx([0.2, 0.5, 0.5])
    assert curve.aurc == pytest.approx(0.4)
    assert curve.oracle_aurc == pytest.approx((0.2 + 0.35 + 0.5) / 3)
    assert curve.random_aurc == pytest.approx(0.5)


def test_ranking_by_risk_is_the_oracle_and_a_constant_is_random():
    risks = np.random.default_rng(0).random(40)
    assert risk_coverage(risks, risks).aurc == pytest.approx(risk_coverage(risks, risks).oracle_aurc)
    assert risk_coverage(risks, np.zeros(40)).aurc == pytest.approx(risks.mean())


def test_ties_are_the_mean_over_random_orders():
    risks, uncertainties = np.array([0.0, 1.0, 0.3, 0.6]), np.array([1.0, 1.0, 0.0, 2.0])
    orders = [risk_coverage(risks, uncertainties + jitter).aurc for jitter in ([0, 0.1, 0, 0], [0.1, 0, 0, 0])]
    assert risk_coverage(risks, uncertainties).aurc == pytest.approx(np.mean(orders))


@pytest.mark.parametrize(("risks", "uncertainties"), [([], []), ([0.1], [0.1, 0.2]), ([np.nan], [0.1]), ([0.1], [np.inf])])
def test_unusable_values_are_refused(risks, uncertainties):
    with pytest.raises(ArgumentError):
        risk_coverage(risks, uncertainties)
