"""Volumes and lesions agree with SimpleITK's own count under any affine."""

import itertools

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from hemorrhage.errors import ArgumentError
from hemorrhage.head_ct import HeadCT
from hemorrhage.hemorrhage_class import SIX_CLASSES
from hemorrhage.measures import estimate_volumes, find_lesions

SHAPE = (6, 9, 8)


def one_hot(labels: np.ndarray, count: int = 6) -> np.ndarray:
    return np.stack([(labels == k) for k in range(count)]).astype(np.float32)


@st.composite
def orthogonal_affines(draw):
    """Rotations, mirrorings and anisotropic spacings: what a SimpleITK image can hold."""
    matrix = np.array(draw(st.lists(st.floats(-1, 1), min_size=9, max_size=9))).reshape(3, 3) + np.diag([2, 3, 4])
    rotation, _ = np.linalg.qr(matrix)
    spacing = np.array(draw(st.tuples(*[st.floats(0.3, 6)] * 3)))
    signs = np.array(draw(st.tuples(*[st.sampled_from([-1, 1])] * 3)))
    order = draw(st.permutations(range(3)))
    affine = np.eye(4)
    affine[:3, :3] = (rotation * signs * spacing)[:, order]
    affine[:3, 3] = draw(st.tuples(*[st.floats(-200, 200)] * 3))
    return affine


def itk_image(labels: np.ndarray, affine: np.ndarray) -> sitk.Image:
    """The same grid in SimpleITK: axes reversed, L and P instead of R and A."""
    lps = np.diag([-1, -1, 1]) @ affine[:3, :3][:, ::-1]
    spacing = np.linalg.norm(lps, axis=0)
    image = sitk.GetImageFromArray(labels)
    image.SetSpacing(spacing.tolist())
    image.SetDirection((lps / spacing).ravel().tolist())
    image.SetOrigin((np.diag([-1, -1, 1]) @ affine[:3, 3]).tolist())
    return image


@settings(max_examples=40, deadline=None)
@given(labels=hnp.arrays(np.uint8, SHAPE, elements=st.sampled_from([0] * 12 + [1, 2, 3, 4, 5])), affine=orthogonal_affines())
def test_volumes_lesions_and_centres_equal_simpleitk(labels, affine):
    ct = HeadCT(np.zeros(SHAPE, np.float32), affine)
    entropy = np.linspace(0, 1, labels.size, dtype=np.float32).reshape(SHAPE)
    lesions = find_lesions(labels, one_hot(labels), entropy, SIX_CLASSES, ct)
    volumes = estimate_volumes(labels, entropy, np.zeros((2, 6)), SIX_CLASSES, ct, lesions)

    image = itk_image(labels, affine)
    statistics = sitk.LabelShapeStatisticsImageFilter()
    statistics.Execute(image)
    for label, estimate in enumerate(volumes[:-1], start=1):
        expected = statistics.GetPhysicalSize(label) / 1000 if statistics.HasLabel(label) else 0.0
        assert estimate.volume_ml == pytest.approx(expected, rel=1e-6)
        components = sitk.ConnectedComponent(image == label, True)
        shape = sitk.LabelShapeStatisticsImageFilter()
        shape.Execute(components)
        own = [lesion for lesion in lesions if lesion.name == estimate.name]
        assert estimate.lesions == len(own) == shape.GetNumberOfLabels()
        centres = sorted([-x, -y, z] for x, y, z in (shape.GetCentroid(i) for i in shape.GetLabels()))
        np.testing.assert_allclose(sorted(list(lesion.centre_ras) for lesion in own), centres, atol=1e-4)
        assert sum(lesion.volume_ml for lesion in own) == pytest.approx(estimate.volume_ml)
    assert volumes[-1].volume_ml == pytest.approx(sum(estimate.volume_ml for estimate in volumes[:-1]))
    assert volumes[-1].lesions == len(lesions)
    assert [lesion.number for lesion in lesions] == list(range(1, len(lesions) + 1))
    assert all(a.volume_ml >= b.volume_ml for a, b in itertools.pairwise(lesions))


def test_volume_of_a_sheared_grid_is_the_determinant():
    """A tilted gantry shears the grid: the product of the spacings would be too large."""
    affine = np.array([[0.0, 0, 0.5, 0], [2.0, -0.5, 0, 0], [5.0, 0, 0, 0], [0, 0, 0, 1]])
    ct = HeadCT(np.zeros(SHAPE, np.float32), affine)
    labels = np.zeros(SHAPE, np.uint8)
    labels[2:4, 2:6, 2:7] = 2
    estimate = estimate_volumes(labels, np.zeros(SHAPE, np.float32), np.zeros((1, 6)), SIX_CLASSES, ct)[1]
    assert estimate.volume_ml == pytest.approx(40 * 5 * 0.5 * 0.5 / 1000)
    assert np.prod(ct.spacing) > 1.05 * 5 * 0.25


def test_interval_probabilities_and_thresholds():
    ct = HeadCT(np.zeros((10, 10, 10), np.float32), np.diag([10.0, 10, 10, 1]))  # 1 mL per voxel
    labels = np.zeros((10, 10, 10), np.uint8)
    labels[:, :4, 0] = 2  # 40 mL IPH
    entropy = np.where(labels == 2, 0.25, 0).astype(np.float32)
    samples = np.zeros((20, 6))
    samples[:, 2] = np.arange(21, 41)
    samples[:3, 5] = 50
    edh, iph, _, _, sdh, total = estimate_volumes(labels, entropy, samples, SIX_CLASSES, ct, exceeds_ml={"IPH": 35.0})
    assert iph.low_ml == pytest.approx(np.quantile(samples[:, 2], 0.05))
    assert iph.high_ml == iph.volume_ml == pytest.approx(40)  # widened to the point
    assert iph.probability_present == 1
    assert iph.probability_exceeds == pytest.approx(5 / 20)
    assert iph.mean_uncertainty == pytest.approx(0.25)
    assert (edh.volume_ml, edh.high_ml, edh.probability_present, edh.mean_uncertainty) == (0, 0, 0, 0)
    assert sdh.volume_ml == 0
    assert sdh.probability_present == pytest.approx(3 / 20)
    assert sdh.exceeds_ml == 30
    assert total.samples_ml[0] == 71
    assert total.low_ml <= total.volume_ml <= total.high_ml


def test_nothing_found_gives_zeros_and_no_lesions():
    ct = HeadCT(np.zeros(SHAPE, np.float32), np.eye(4))
    labels = np.zeros(SHAPE, np.uint8)
    zeros = np.zeros(SHAPE, np.float32)
    assert find_lesions(labels, one_hot(labels), zeros, SIX_CLASSES, ct) == ()
    volumes = estimate_volumes(labels, zeros, np.zeros((1, 6)), SIX_CLASSES, ct)
    assert [estimate.name for estimate in volumes] == ["EDH", "IPH", "IVH", "SAH", "SDH", "total"]
    assert all(estimate.volume_ml == estimate.low_ml == estimate.high_ml == 0 for estimate in volumes)


def test_single_voxel_lesion():
    ct = HeadCT(np.zeros(SHAPE, np.float32), np.diag([1.0, 2, 3, 1]))
    labels = np.zeros(SHAPE, np.uint8)
    labels[5, 8, 7] = 4
    entropy = np.full(SHAPE, 0.5, np.float32)
    (lesion,) = find_lesions(labels, one_hot(labels), entropy, SIX_CLASSES, ct)
    assert lesion.name == "SAH"
    assert lesion.volume_ml == pytest.approx(0.006)
    assert lesion.extent_mm == pytest.approx((1, 2, 3))
    assert lesion.centre_ras == pytest.approx((5, 16, 21))
    assert lesion.nearest_slice == 7  # the array axis along S is the last one here
    assert lesion.probabilities["SAH"] == 1
    assert lesion.mean_uncertainty == lesion.max_uncertainty == 0.5
    assert lesion.abc2_ml == pytest.approx(0.003)


def test_diagonal_touch_is_one_lesion_and_ties_keep_class_order():
    ct = HeadCT(np.zeros(SHAPE, np.float32), np.eye(4))
    labels = np.zeros(SHAPE, np.uint8)
    labels[1, 1, 1] = labels[2, 2, 2] = 5
    labels[4, 4, 4] = labels[4, 4, 5] = 1
    lesions = find_lesions(labels, one_hot(labels), np.zeros(SHAPE, np.float32), SIX_CLASSES, ct)
    assert [(lesion.number, lesion.name) for lesion in lesions] == [(1, "EDH"), (2, "SDH")]


@pytest.mark.parametrize("samples", [np.zeros((0, 6)), np.zeros((3, 2)), np.zeros(6)])
def test_sample_volumes_of_a_wrong_shape_are_refused(samples):
    ct = HeadCT(np.zeros(SHAPE, np.float32), np.eye(4))
    with pytest.raises(ArgumentError, match="at least one sample"):
        estimate_volumes(np.zeros(SHAPE, np.uint8), np.zeros(SHAPE, np.float32), samples, SIX_CLASSES, ct)


def test_negative_threshold_is_refused():
    ct = HeadCT(np.zeros(SHAPE, np.float32), np.eye(4))
    with pytest.raises(ArgumentError, match="zero or more"):
        estimate_volumes(
            np.zeros(SHAPE, np.uint8), np.zeros(SHAPE, np.float32), np.zeros((1, 6)), SIX_CLASSES, ct, exceeds_ml={"IPH": -1.0}
        )
