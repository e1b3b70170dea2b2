"""Generalised energy distance: closed forms, and pairs counted with scikit-learn."""

import itertools

import numpy as np
import pytest
from sklearn.metrics import jaccard_score

from hemorrhage_training.evaluation.energy_distance import energy_distance


def label_map(*voxels: int) -> np.ndarray:
    return np.array(voxels, np.uint8).reshape(1, 1, -1)


def test_two_apart_masks_against_one_of_them():
    """Samples {A, B}, rater A, with d(A, B) = 1: D2 = 2 (0 + 1)/2 - 2/4 - 0 = 1/2."""
    a, b = label_map(1, 1, 0, 0), label_map(0, 0, 1, 1)
    distance = energy_distance([a, b], [a], [1])
    assert (distance.squared, distance.sample_diversity, distance.rater_diversity) == pytest.approx((0.5, 0.5, 0))


def test_a_set_is_at_distance_zero_from_itself():
    maps = [label_map(1, 2, 0, 0), label_map(0, 2, 1, 0), label_map(0, 0, 0, 0)]
    distance = energy_distance(maps, maps[::-1], [1, 2])
    assert distance.squared == pytest.approx(0, abs=1e-12)
    assert distance.sample_diversity == pytest.approx(distance.rater_diversity)


def test_single_label_maps_give_twice_their_distance():
    distance = energy_distance([label_map(1, 1, 0, 0)], [label_map(0, 1, 1, 0)], [1])
    assert distance.squared == pytest.approx(2 * (1 - 1 / 3))


def test_classes_absent_from_both_add_nothing_and_empty_maps_agree():
    a, b = label_map(1, 1, 0), label_map(0, 0, 1)
    assert energy_distance([a], [b], [1, 2, 3, 4]).squared == pytest.approx(2 / 4)
    empty = label_map(0, 0, 0)
    assert energy_distance([empty], [empty], [1, 2]).squared == 0
    assert energy_distance([empty], [a], [1]).squared == pytest.approx(2)


def test_agrees_with_pairs_of_scikit_learn():
    rng = np.random.default_rng(0)
    samples = [rng.integers(0, 4, (2, 5, 5)).astype(np.uint8) for _ in range(3)]
    raters = [rng.integers(0, 4, (2, 5, 5)).astype(np.uint8) for _ in range(2)]

    def d(a, b):
        return 1 - jaccard_score(a.ravel(), b.ravel(), labels=[1, 2, 3], average="macro", zero_division=1)

    def mean(left, right):
        return np.mean([d(a, b) for a, b in itertools.product(left, right)])

    expected = 2 * mean(samples, raters) - mean(samples, samples) - mean(raters, raters)
    assert energy_distance(samples, raters, [1, 2, 3]).squared == pytest.approx(expected)
