"""The card's figures on label maps whose answer is known."""

import numpy as np
import pytest

from hemorrhage_training.embedded.evaluation import dice, lesions_found


def test_dice_of_half_overlap():
    a, b = np.zeros((2, 10), bool), np.zeros((2, 10), bool)
    a[0], b[0, :5], b[1, :5] = True, True, True
    assert dice(a, b) == pytest.approx(0.5)


def test_lesions_are_found_by_a_tenth_and_counted_by_size():
    reference = np.zeros((12, 12, 12), bool)
    reference[1:4, 1:11, 1:3] = True  # 60 voxels
    reference[6:9, 1:11, 1:3] = True  # 60 voxels
    reference[11, 11, 11] = True  # 1 voxel: below the limit
    predicted = np.zeros_like(reference)
    predicted[1, 1:4, 1:3] = True  # 6 of 60
    predicted[6, 1:3, 1:3] = True  # 4 of 60
    assert lesions_found(reference, predicted, voxel_ml=0.1, above_ml=1.0) == [True, False]
