"""Lesions matched by a tenth of their voxels."""

import numpy as np

from hemorrhage_training.evaluation.lesion_detection import LesionCounts, count_lesions


def masks() -> tuple[np.ndarray, np.ndarray]:
    predicted, reference = np.zeros((2, 12, 12, 12), bool)
    reference[1:3, 1:11, 1] = True  # 20 voxels
    reference[6:8, 1:11, 1] = True  # 20 voxels
    reference[11, 11, 11] = True  # 1 voxel
    predicted[1, 1:3, 1] = True  # 2 of the first 20
    predicted[6, 10, 1:11] = True  # 1 of the second 20, 9 voxels elsewhere
    predicted[4, 5, 8:11] = True  # nowhere near
    return predicted, reference


def test_a_tenth_matches_on_either_side():
    predicted, reference = masks()
    # The second prediction has a tenth of its voxels in the reference, but covers a twentieth of the lesion there.
    assert count_lesions(predicted, reference, 0.1) == LesionCounts(reference=3, found=1, predicted=3, false_positive=1)


def test_small_lesions_are_neither_missed_nor_false():
    predicted, reference = masks()
    counts = count_lesions(predicted, reference, voxel_ml=0.1, smallest_ml=0.4)
    assert counts == LesionCounts(reference=2, found=1, predicted=1, false_positive=0)


def test_a_lesion_of_exactly_the_limit_counts():
    mask = np.zeros((3, 3, 3), bool)
    mask[0, 0, :3] = True
    assert count_lesions(mask, mask, voxel_ml=0.1, smallest_ml=0.3).reference == 1


def test_voxels_that_touch_at_a_corner_are_one_lesion():
    mask = np.zeros((3, 3, 3), bool)
    mask[0, 0, 0] = mask[1, 1, 1] = True
    assert count_lesions(mask, mask, 1.0) == LesionCounts(1, 1, 1, 0)


def test_empty_masks():
    empty, full = np.zeros((3, 3, 3), bool), np.ones((3, 3, 3), bool)
    assert count_lesions(empty, empty, 1.0) == LesionCounts(0, 0, 0, 0)
    assert count_lesions(full, empty, 1.0) == LesionCounts(0, 0, 1, 1)
    assert count_lesions(empty, full, 1.0) == LesionCounts(1, 0, 0, 0)
