"""The temperature is recovered, and the sums over voxels lead to the same minimum as all voxels at once."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from hemorrhage.errors import ArgumentError
from hemorrhage.measures.temperature import tempered
from hemorrhage_training.calibration.temperature_fit import TemperatureSums


def softmax(logits: np.ndarray) -> np.ndarray:
    weights = np.exp(logits - logits.max(0))
    return weights / weights.sum(0)


def drawn_labels(rng: np.random.Generator, probabilities: np.ndarray) -> np.ndarray:
    return (rng.random(probabilities.shape[1]) > np.cumsum(probabilities, 0)).sum(0).clip(max=5).astype(np.uint8)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 1.6, 3.0])
def test_known_temperature_is_recovered(temperature):
    """Labels follow softmax(z); what is stated is softmax(T z), which is too sure of itself by the factor T."""
    rng = np.random.default_rng(3)
    logits = rng.normal(0, 1.5, (6, 200_000))
    labels = drawn_labels(rng, softmax(logits))
    sums = TemperatureSums()
    sums.add(softmax(temperature * logits).astype(np.float32), labels)
    fit = sums.fit()
    assert fit.temperature == pytest.approx(temperature, rel=0.02)
    assert fit.voxels == 200_000
    assert fit.nll_after <= fit.nll_before + 1e-9


def test_minimum_is_that_of_all_voxels_at_once():
    rng = np.random.default_rng(4)
    probabilities = softmax(rng.normal(0, 4, (6, 20_000))).astype(np.float32)
    labels = drawn_labels(rng, softmax(rng.normal(0, 1, (6, 20_000)) + 0.3 * np.log(probabilities)))

    def nll(temperature: float) -> float:
        true = np.take_along_axis(tempered(probabilities, temperature), labels[None].astype(int), 0)
        return float(-np.log(true.astype(np.float64)).mean())

    best = minimize_scalar(nll, bounds=(0.25, 8), method="bounded", options={"xatol": 1e-6})
    sums = TemperatureSums()
    for part in np.array_split(np.arange(20_000), 3):
        other = TemperatureSums()
        other.add(probabilities[:, part], labels[part])
        sums.merge(other)
    fit = sums.fit()
    assert fit.temperature == pytest.approx(best.x, rel=2e-3)
    assert fit.nll_after == pytest.approx(best.fun, abs=1e-5)
    assert fit.nll_before == pytest.approx(nll(1.0), abs=1e-5)


def test_temperature_ends_at_the_limits():
    sure = np.array([[0.999], [0.001]], np.float32)
    right, wrong = TemperatureSums(), TemperatureSums()
    right.add(sure, np.array([0], np.uint8))
    wrong.add(sure, np.array([1], np.uint8))
    assert right.fit().temperature == pytest.approx(0.25)
    assert wrong.fit().temperature == pytest.approx(8)


def test_nothing_to_fit_on_is_refused():
    with pytest.raises(ArgumentError, match="no voxel"):
        TemperatureSums().fit()
