"""Calibration against scikit-learn and closed forms."""

import math

import numpy as np
import pytest
from sklearn.calibration import calibration_curve
from sklearn.metrics import log_loss

from hemorrhage_training.evaluation.calibration import PROBABILITY_FLOOR, Calibration


def voxels(seed: int, count: int = 4000, classes: int = 6) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    probabilities = rng.dirichlet(np.full(classes, 0.3), count).T.astype(np.float32)
    reference = (rng.random(count) > np.cumsum(probabilities, axis=0)).sum(axis=0).clip(0, classes - 1)
    return probabilities, probabilities.argmax(axis=0).astype(np.uint8), reference.astype(np.uint8)


@pytest.mark.parametrize("seed", range(3))
def test_agrees_with_scikit_learn(seed):
    probabilities, predicted, reference = voxels(seed)
    sums = Calibration()
    sums.add(probabilities, predicted, reference)
    exact = np.maximum(probabilities.astype(np.float64), PROBABILITY_FLOOR).T
    assert sums.nll == pytest.approx(log_loss(reference, exact / exact.sum(1, keepdims=True), labels=range(6)), rel=1e-5)
    assert sums.brier == pytest.approx(float(((probabilities.T - np.eye(6)[reference]) ** 2).sum(1).mean()), rel=1e-5)
    confidence, right = probabilities.max(axis=0).astype(np.float64), predicted == reference
    accuracies, confidences = calibration_curve(right, confidence, n_bins=10)
    counts = np.histogram(confidence, bins=10, range=(0, 1))[0]
    theirs = np.average(np.abs(accuracies - confidences), weights=counts[counts > 0])
    assert sums.ece == pytest.approx(float(theirs), abs=1e-5)


def test_uniform_probabilities():
    sums = Calibration()
    sums.add(np.full((4, 100), 0.25, np.float32), np.zeros(100, np.uint8), (np.arange(100) % 4).astype(np.uint8))
    assert sums.nll == pytest.approx(math.log(4))
    assert sums.brier == pytest.approx(0.75)
    assert sums.ece == pytest.approx(0, abs=1e-6)


def test_sure_and_wrong():
    sums = Calibration()
    probabilities = np.array([[1.0], [0.0]], np.float32)
    sums.add(probabilities, np.array([0], np.uint8), np.array([1], np.uint8))
    assert (sums.nll, sums.brier, sums.ece) == pytest.approx((-math.log(PROBABILITY_FLOOR), 2, 1))


def test_a_confidence_on_an_edge_belongs_to_the_bin_below():
    sums = Calibration()
    sums.add(np.array([[0.5], [0.5]], np.float32), np.array([0], np.uint8), np.array([0], np.uint8))
    assert sums.counts.tolist() == [0, 0, 0, 0, 1, 0, 0, 0, 0, 0]


def test_parts_merge_to_the_whole_and_nothing_is_undefined():
    probabilities, predicted, reference = voxels(0)
    whole, merged = Calibration(), Calibration()
    assert (merged.nll, merged.brier, merged.ece) == (None, None, None)
    whole.add(probabilities, predicted, reference)
    for part in (slice(0, 1000), slice(1000, None), slice(0, 0)):
        sums = Calibration()
        sums.add(probabilities[:, part], predicted[part], reference[part])
        merged.merge(sums)
    assert (merged.nll, merged.brier, merged.ece) == pytest.approx((whole.nll, whole.brier, whole.ece))
