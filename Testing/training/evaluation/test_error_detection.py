"""Uncertainty against error: scikit-learn on the voxels themselves, and counts by hand."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from hemorrhage_training.evaluation.error_detection import ErrorDetection


def voxels(seed: int, count: int = 20_000) -> tuple[np.ndarray, np.ndarray]:
    """Return uncertainties over many magnitudes, a part of them exactly zero, and errors that follow them."""
    rng = np.random.default_rng(seed)
    uncertainty = (10 ** rng.uniform(-9, 0, count)).astype(np.float32)
    uncertainty[: count // 4] = 0
    return uncertainty, rng.random(count) < 0.6 * uncertainty + 0.01


@pytest.mark.parametrize("seed", range(3))
def test_areas_agree_with_scikit_learn_on_all_voxels(seed):
    uncertainty, wrong = voxels(seed)
    detection = ErrorDetection(1.0)
    for part in np.array_split(np.arange(len(wrong)), 7):
        detection.add(uncertainty[part], wrong[part])
    assert detection.auroc == pytest.approx(roc_auc_score(wrong, uncertainty), abs=1e-3)
    assert detection.auprc == pytest.approx(average_precision_score(wrong, uncertainty), abs=2e-3)
    assert detection.error_rate == pytest.approx(wrong.mean())


def test_perfect_and_useless_maps():
    wrong = np.arange(1000) % 4 == 0
    perfect, useless = ErrorDetection(1.0), ErrorDetection(1.0)
    perfect.add(wrong.astype(np.float32), wrong)
    useless.add(np.full(1000, 0.3, np.float32), wrong)
    assert (perfect.auroc, perfect.auprc) == pytest.approx((1, 1))
    assert (useless.auroc, useless.auprc) == pytest.approx((0.5, 0.25))


def test_bins_count_every_voxel_once():
    uncertainty, wrong = voxels(0)
    detection = ErrorDetection(5 / 6)
    detection.add(uncertainty * np.float32(5 / 6), wrong)
    rates = detection.error_rates()
    assert rates.edges == pytest.approx(np.linspace(0, 5 / 6, 21))
    right = np.histogram(uncertainty[~wrong] * np.float32(5 / 6), bins=rates.edges)[0]
    assert np.abs(rates.right - right).max() <= 1  # a voxel on an edge may round either way
    assert rates.right.sum() == np.count_nonzero(~wrong)
    assert rates.wrong.sum() == np.count_nonzero(wrong)


def test_bins_are_narrow_where_little_of_the_range_is_used():
    detection = ErrorDetection(1.0)
    detection.add(np.linspace(0, 0.12, 1000, dtype=np.float32), np.zeros(1000, bool))
    assert detection.error_rates().edges == pytest.approx(np.arange(0, 0.135, 0.01))


def test_the_largest_value_belongs_to_the_last_bin():
    detection = ErrorDetection(0.5)
    detection.add(np.array([0.5, 0.499, 0.0], np.float32), np.array([True, False, False]))
    rates = detection.error_rates()
    assert (rates.wrong[-1], rates.right[-1], rates.right[0]) == (1, 1, 1)


def test_parts_merge_to_the_whole():
    uncertainty, wrong = voxels(1)
    whole, first, second = (ErrorDetection(1.0) for _ in range(3))
    whole.add(uncertainty, wrong)
    first.add(uncertainty[:5000], wrong[:5000])
    second.add(uncertainty[5000:], wrong[5000:])
    first.merge(second)
    assert first.auroc == whole.auroc
    assert (first.bins == whole.bins).all()


def test_without_an_error_there_is_nothing_to_detect():
    detection = ErrorDetection(1.0)
    assert detection.error_rate is None
    detection.add(np.array([0.1, 0.2], np.float32), np.array([False, False]))
    assert (detection.auroc, detection.auprc, detection.error_rate) == (None, None, 0)
