"""Places to look at are the largest clusters of uncertainty, ranked and reproducible."""

import numpy as np
import pytest

from hemorrhage.head_ct import HeadCT
from hemorrhage.hemorrhage_class import SIX_CLASSES
from hemorrhage.measures.places import find_places, uncertainty_threshold

AFFINE = np.array([[0.0, 0, -2, 10], [0, -2, 0, 20], [5, 0, 0, 30], [0, 0, 0, 1]])
VOXEL_ML = 0.02


@pytest.fixture
def case():
    shape = (8, 20, 20)
    ct = HeadCT(np.zeros(shape, np.float32), AFFINE)
    entropy = np.zeros(shape, np.float32)
    probabilities = np.zeros((6, *shape), np.float32)
    probabilities[0] = 1
    return ct, entropy, probabilities


def test_threshold_is_the_same_split_for_any_number_of_classes():
    assert uncertainty_threshold(2) == pytest.approx(0.7219, abs=1e-4)
    assert uncertainty_threshold(6) * np.log(6) == pytest.approx(uncertainty_threshold(2) * np.log(2))


def test_ranked_by_integral_of_uncertainty(case):
    ct, entropy, probabilities = case
    entropy[1, 2:6, 2:6] = 0.4  # 16 voxels: 6.4
    entropy[5, 10:13, 10:14] = 0.6  # 12 voxels: 7.2
    entropy[5, 11, 12] = 0.9
    entropy[7, 0, 0] = 1.0  # one voxel of 0.02 mL: too small to list
    probabilities[:, 5, 10:13, 10:14] = np.array([0.3, 0, 0.45, 0, 0.2, 0.05])[:, None, None]
    first, second = find_places(entropy, probabilities, SIX_CLASSES, ct)
    assert (first.rank, first.nearest_slice, second.rank, second.nearest_slice) == (1, 5, 2, 1)
    assert first.score_ml == pytest.approx((11 * 0.6 + 0.9) * VOXEL_ML)
    assert first.volume_ml == pytest.approx(12 * VOXEL_ML)
    assert first.peak_uncertainty == pytest.approx(0.9)
    assert first.classes == ("IPH", "background", "SAH")
    assert first.centre_ras == pytest.approx((10 - 2 * 12, 20 - 2 * 11, 30 + 5 * 5))
    assert second.classes[0] == "background"
    assert len(second.classes) == 2


def test_equal_peaks_choose_the_voxel_nearest_the_centroid(case):
    ct, entropy, probabilities = case
    entropy[3, 4:9, 4:9] = 0.7
    (place,) = find_places(entropy, probabilities, SIX_CLASSES, ct)
    assert place.centre_ras == pytest.approx((10 - 2 * 6, 20 - 2 * 6, 30 + 15))


def test_at_most_ten_and_ties_in_array_order(case):
    ct, entropy, probabilities = case
    for number in range(12):
        z, y = divmod(number, 4)
        entropy[2 * z, 4 * y : 4 * y + 2, 3:5] = 0.5
    places = find_places(entropy, probabilities, SIX_CLASSES, ct)
    assert [place.rank for place in places] == list(range(1, 11))
    assert [place.nearest_slice for place in places] == [0, 0, 0, 0, 2, 2, 2, 2, 4, 4]
    assert places == find_places(entropy.copy(), probabilities, SIX_CLASSES, ct)


def test_a_sure_result_has_no_places(case):
    ct, entropy, probabilities = case
    assert find_places(entropy, probabilities, SIX_CLASSES, ct) == ()
    entropy[:] = uncertainty_threshold(6) * 0.999
    assert find_places(entropy, probabilities, SIX_CLASSES, ct) == ()


def test_diagonal_touch_is_one_cluster(case):
    ct, entropy, probabilities = case
    entropy[2, 2:4, 2:4] = entropy[3, 4:6, 4:6] = 0.5
    assert len(find_places(entropy, probabilities, SIX_CLASSES, ct)) == 1
