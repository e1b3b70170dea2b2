"""The streaming posterior against closed forms and NumPy on all samples at once."""

import math
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hemorrhage.errors import ArgumentError
from hemorrhage.head_ct import HeadCT
from hemorrhage.posterior import Posterior, working_voxel_volume_ml
from hemorrhage.sampling.sampler import Sample
from hemorrhage.sampling.working_grid import WorkingGrid

SHAPE = (3, 4, 5)


def random_samples(count, classes, seed, *, masked=True, sharpness=3.0):
    rng = np.random.default_rng(seed)
    samples = []
    for _ in range(count):
        probabilities = torch.from_numpy(rng.normal(size=(classes, *SHAPE)) * sharpness).softmax(0).float()
        samples.append(Sample(probabilities, torch.from_numpy(rng.random(SHAPE) < 0.7) if masked else None))
    return samples


def posterior_of(samples):
    posterior = Posterior(samples[0].probabilities.shape[0], 0.01)
    for sample in samples:
        posterior.add(sample)
    return posterior


def in_numpy(samples):
    """Mean, class variance, entropies and votes with masked arrays, all samples in memory."""
    p = np.ma.stack(
        [
            np.ma.array(
                s.probabilities.double().numpy(),
                mask=np.zeros(s.probabilities.shape, bool)
                if s.valid is None
                else np.broadcast_to(~s.valid.numpy(), s.probabilities.shape),
            )
            for s in samples
        ]
    )
    log_classes = math.log(p.shape[1])
    mean = p.mean(0).filled(0)
    votes = p.count(axis=0)[0]
    mean[0][votes == 0] = 1
    entropy = -(mean * np.log(np.maximum(mean, 1e-300))).sum(0) / log_classes
    expected = (-(p * np.log(np.maximum(p.data, 1e-300))).sum(1) / log_classes).mean(0).filled(0)
    return mean, p.var(0).filled(0), entropy, expected, votes


@settings(max_examples=40, deadline=None)
@given(count=st.integers(1, 12), classes=st.integers(2, 6), seed=st.integers(0, 10**6), masked=st.booleans())
def test_streaming_equals_numpy_at_once(count, classes, seed, masked):
    samples = random_samples(count, classes, seed, masked=masked)
    posterior = posterior_of(samples)
    mean, variance, entropy, expected, votes = in_numpy(samples)
    assert np.allclose(posterior.mean, mean, atol=1e-6)
    assert np.allclose(posterior.class_variance, variance, atol=1e-6)
    assert np.allclose(posterior.variance, variance.sum(0), atol=3e-6)
    assert np.allclose(posterior.entropy, entropy, atol=1e-5)
    assert np.allclose(posterior.expected_entropy, expected, atol=1e-5)
    assert np.array_equal(posterior.votes, votes)


@settings(max_examples=40, deadline=None)
@given(
    count=st.integers(1, 6), classes=st.integers(2, 6), seed=st.integers(0, 10**6), sharpness=st.sampled_from([0.0, 1.0, 30.0])
)
def test_ranges(count, classes, seed, sharpness):
    posterior = posterior_of(random_samples(count, classes, seed, sharpness=sharpness))
    assert posterior.class_variance.min() >= 0
    assert posterior.class_variance.max() <= 0.25
    assert posterior.variance.max() <= 1 - 1 / classes + 1e-6
    information, entropy = posterior.mutual_information, posterior.entropy
    assert information.min() >= 0
    assert (information <= entropy).all()
    assert entropy.max() <= 1
    assert posterior.expected_entropy.min() >= 0
    assert torch.allclose(posterior.mean.sum(0), torch.ones(SHAPE), atol=1e-5)
    assert posterior.standard_error().min() >= 0


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_order_of_samples_does_not_matter(seed):
    samples = random_samples(7, 3, seed)
    forward, backward = posterior_of(samples), posterior_of(samples[::-1])
    for name in ("mean", "class_variance", "entropy", "expected_entropy", "votes"):
        assert torch.allclose(getattr(forward, name), getattr(backward, name), atol=1e-5), name
    assert np.array_equal(forward.sample_volumes_ml, backward.sample_volumes_ml[::-1])


def test_two_certain_samples_that_disagree():
    """Half say class 0, half class 1, each with certainty: variance 1/4 each, entropy log 2, all of it mutual information."""
    classes = 4
    certain = torch.zeros(2, classes, *SHAPE)
    certain[0, 0] = certain[1, 1] = 1
    posterior = posterior_of([Sample(certain[m % 2]) for m in range(6)])
    assert torch.allclose(posterior.class_variance[:2], torch.full((2, *SHAPE), 0.25))
    assert not posterior.class_variance[2:].any()
    assert torch.allclose(posterior.variance, torch.full(SHAPE, 0.5))
    assert torch.allclose(posterior.entropy, torch.full(SHAPE, math.log(2) / math.log(4)))
    assert torch.allclose(posterior.mutual_information, posterior.entropy)


def test_certain_samples_over_all_classes_reach_the_largest_variance():
    certain = torch.eye(6)[:, :, None, None, None].expand(6, 6, *SHAPE)
    posterior = posterior_of([Sample(one) for one in certain])
    assert torch.allclose(posterior.variance, torch.full(SHAPE, 5 / 6))
    assert torch.allclose(posterior.entropy, torch.ones(SHAPE))


def test_agreeing_samples_have_no_variance_however_unsure():
    posterior = posterior_of([Sample(torch.full((5, *SHAPE), 0.2))] * 3)
    assert not posterior.variance.any()
    assert not posterior.mutual_information.max() > 1e-6
    assert torch.allclose(posterior.entropy, torch.ones(SHAPE), atol=1e-6)
    assert not posterior.standard_error().any()


def test_voxels_without_votes():
    never = torch.zeros(SHAPE, dtype=torch.bool)
    once = never.clone()
    once[0, 0, 0] = True
    surely_blood = torch.zeros(2, *SHAPE)
    surely_blood[1] = 1
    posterior = posterior_of([Sample(surely_blood, never), Sample(surely_blood, once)])
    assert posterior.votes.sum() == 1
    assert posterior.mean[1].sum() == 1
    assert posterior.mean[0].sum() == math.prod(SHAPE) - 1
    assert not posterior.variance.any()
    assert posterior.sample_volumes_ml[:, 1].tolist() == [0, 0.01]


def test_sample_volumes():
    probabilities = torch.zeros(3, *SHAPE)
    probabilities[0] = 0.4
    probabilities[1] = 0.4  # a tie: background
    probabilities[2] = 0.2
    probabilities[:, 1] = torch.tensor([0.1, 0.2, 0.7])[:, None, None]
    sample = Sample(probabilities)
    posterior = posterior_of([sample, sample])
    assert posterior.sample_volumes_ml == pytest.approx(np.array([[0.4, 0, 0.2]] * 2))


def test_standard_error_is_the_spread_of_the_variance_over_repetitions():
    """Many voxels of one distribution: the stated error of U agrees with how much U differs between them."""
    rng = np.random.default_rng(0)
    count, shape = 20, (20, 20, 20)
    posterior = Posterior(2, 1.0)
    for _ in range(count):
        blood = torch.from_numpy(np.clip(rng.normal(0.5, 0.1, shape), 0, 1)).float()
        posterior.add(Sample(torch.stack([1 - blood, blood])))
    spread = posterior.variance.std()
    stated = posterior.standard_error().square().mean().sqrt()
    assert float(stated / spread) == pytest.approx(1, abs=0.1)


@dataclass(frozen=True)
class CropGrid(WorkingGrid):
    """A working grid that only crops: the way back is copying into the box."""

    def to_ct(self, maps, outside=0.0):  # noqa: D102
        fill = torch.as_tensor(outside, dtype=torch.float32).expand(len(maps))
        result = fill[:, None, None, None].repeat(1, *self.ct_shape)
        result[(slice(None), *(slice(a, b) for a, b in self.box))] = maps.float()
        return result


CROP = CropGrid((5, 6, 7), (0, 1, 2), ((1, 4), (1, 5), (0, 5)), SHAPE, (5.0, 1.0, 1.0))


def test_maps_on_the_ct():
    samples = random_samples(5, 3, 0)
    posterior = posterior_of(samples)
    maps = posterior.summarize(CROP)
    box = (slice(1, 4), slice(1, 5), slice(0, 5))
    assert np.allclose(maps.probabilities[(slice(None), *box)], posterior.mean, atol=1e-6)
    assert np.allclose(maps.entropy[box], posterior.entropy, atol=1e-6)
    assert np.allclose(maps.mutual_information[box], posterior.mutual_information, atol=1e-6)
    assert np.allclose(maps.expected_entropy[box], posterior.expected_entropy, atol=1e-6)
    assert np.array_equal(maps.votes[box], posterior.votes)
    outside = np.ones(CROP.ct_shape, bool)
    outside[box] = False
    assert (maps.probabilities[0][outside] == 1).all()
    for name in ("labels", "variance", "entropy", "expected_entropy", "mutual_information", "votes", "variance_standard_error"):
        assert getattr(maps, name).shape == CROP.ct_shape
        assert not getattr(maps, name)[outside].any(), name
    assert np.array_equal(maps.labels, maps.probabilities.argmax(0))
    assert np.allclose(maps.variance, maps.class_variance.sum(0), atol=1e-6)
    assert (maps.labels.dtype, maps.votes.dtype, maps.entropy.dtype) == (np.uint8, np.uint16, np.float32)
    assert maps.sample_volumes_ml.shape == (5, 3)


@dataclass(frozen=True)
class FinerGrid(WorkingGrid):
    """A working grid with half as many rows and columns as the CT."""

    def to_ct(self, maps, outside=0.0):  # noqa: D102
        return torch.nn.functional.interpolate(maps[None].float(), self.ct_shape, mode="trilinear")[0]


def test_resampling_fakes_no_mutual_information():
    """Samples that agree on a sharp edge: between its voxels the resampled mean is unsure, but no two samples disagree."""
    edge = torch.zeros(2, *SHAPE)
    edge[0, :, :2] = 1
    edge[1, :, 2:] = 1
    grid = FinerGrid((3, 8, 10), (0, 1, 2), ((0, 3), (0, 8), (0, 10)), SHAPE, (5.0, 2.0, 2.0))
    maps = posterior_of([Sample(edge)] * 4).summarize(grid)
    assert maps.entropy.max() > 0.5
    assert maps.mutual_information.max() < 1e-6
    assert np.allclose(maps.expected_entropy, maps.entropy, atol=1e-6)
    entropy = -(maps.probabilities * np.log(np.maximum(maps.probabilities, 1e-30))).sum(0) / math.log(2)
    assert np.allclose(maps.entropy, entropy, atol=1e-5)


def test_working_voxels_share_the_volume_of_the_sheared_box():
    affine = np.diag([5.0, 0.5, 0.5, 1.0])
    affine[1, 0] = 1.7  # tilted gantry: no voxel gains volume by a shear
    ct = HeadCT(np.zeros((3, 8, 10), np.float32), affine)
    grid = WorkingGrid(ct.shape, (0, 1, 2), ((0, 3), (0, 8), (0, 10)), SHAPE, (5.3, 1.0, 1.0))
    assert working_voxel_volume_ml(ct, grid) * math.prod(SHAPE) == pytest.approx(3 * 8 * 10 * 1.25e-3)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda p: Posterior(1, 1.0),
        lambda p: Posterior(3, 0.0),
        lambda p: Posterior(3, float("nan")),
        lambda p: Posterior(3, 1.0).mean,
        lambda p: Posterior(3, 1.0).summarize(CROP),
        lambda p: p.add(Sample(torch.zeros(4, *SHAPE))),
        lambda p: p.add(Sample(torch.zeros(3, 3, 4, 6))),
        lambda p: p.add(Sample(torch.zeros(3, *SHAPE), torch.ones(3, 4, 6, dtype=torch.bool))),
        lambda p: p.add(Sample(torch.zeros(3, 20))),
        lambda p: p.summarize(WorkingGrid((9, 9, 9), (0, 1, 2), ((0, 9),) * 3, (9, 9, 9), (1.0, 1.0, 1.0))),
    ],
)
def test_nonsense_is_refused(wrong):
    posterior = posterior_of(random_samples(1, 3, 0))
    with pytest.raises(ArgumentError):
        wrong(posterior)


def test_values_that_are_not_finite_are_reported():
    broken = torch.full((3, *SHAPE), float("nan"))
    with pytest.raises(ArgumentError, match="not finite"):
        posterior_of([Sample(broken)]).summarize(CROP)
