"""Test-time augmentation on networks whose answer is known."""

import json

import numpy as np
import pytest
import torch

from hemorrhage.errors import ArgumentError
from hemorrhage.head_ct import HeadCT
from hemorrhage.posterior import Posterior
from hemorrhage.sampling.network import PreparedTensor
from hemorrhage.sampling.test_time_augmentation import TestTimeAugmentation
from hemorrhage.sampling.working_grid import WorkingGrid
from hemorrhage.transforms import TransformPreset

SHAPE = (10, 36, 40)
SPACING = (5.0, 1.2, 1.2)


class PointwiseNetwork:
    """Blood where the normalized intensity is high: the answer does not depend on where or how a voxel is oriented."""

    def __init__(self, spacing=SPACING):
        self.spacing = spacing
        self.prepared = 0
        self.batches = []

    def prepare(self, ct):  # noqa: D102
        self.prepared += 1
        box = tuple((0, n) for n in ct.shape)
        data = torch.from_numpy(ct.hu)[None].clamp(0, 100) / 100
        return PreparedTensor(data, WorkingGrid(ct.shape, (0, 1, 2), box, ct.shape, self.spacing))

    def probabilities(self, data):  # noqa: D102
        self.batches.append(data.shape[0])
        return torch.cat([1 - data, data], dim=1)


class ConvolutionalNetwork(PointwiseNetwork):
    """A small network with random weights, which does depend on orientation."""

    def __init__(self):
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.weight = torch.randn((3, 1, 3, 3, 3), generator=generator)

    def probabilities(self, data):  # noqa: D102
        self.batches.append(data.shape[0])
        return torch.nn.functional.conv3d(data, self.weight, padding=1).softmax(1)


@pytest.fixture(scope="module")
def ct():
    mm = np.stack(
        np.meshgrid(*[(np.arange(n) - (n - 1) / 2) * s for n, s in zip(SHAPE, SPACING, strict=True)], indexing="ij"), -1
    )
    ball = 1 / (1 + np.exp(np.linalg.norm(mm - [2, 3, -4], axis=-1) - 12))
    return HeadCT((100 * ball).astype(np.float32), np.diag([*SPACING, 1.0]))


def drawn(sampler, ct, count, seed=0):
    return list(sampler.draw(ct, count, seed))


def test_without_transforms_it_is_the_network(ct):
    network = ConvolutionalNetwork()
    plain = network.probabilities(network.prepare(ct).data[None])[0]
    for sample in drawn(TestTimeAugmentation(network, transforms=0), ct, 2):
        assert torch.equal(sample.probabilities, plain)
        assert sample.valid is None


@pytest.mark.parametrize(
    ("preset", "spacing"), [(TransformPreset.ANISOTROPIC, SPACING), (TransformPreset.PAPER, (1.0, 1.0, 1.0))]
)
def test_equivariant_network_has_no_uncertainty(ct, preset, spacing):
    """What a pointwise network says does not depend on the pose: all that is left is interpolation."""
    truth = torch.from_numpy(ct.hu) / 100
    for sample in TestTimeAugmentation(PointwiseNetwork(spacing), preset).draw(ct, 8, 0):
        valid = torch.ones(SHAPE, dtype=torch.bool) if sample.valid is None else sample.valid
        error = (sample.probabilities[1] - truth)[valid]
        # Read as cubes, the ball is a disk of four slices with sharp faces: out of plane even a spline errs a little.
        assert error.abs().mean() < (0.005 if preset is TransformPreset.PAPER else 2e-4)


def test_orientation_dependent_network_has_uncertainty(ct):
    posterior = Posterior(3, 1.0)
    for sample in drawn(TestTimeAugmentation(ConvolutionalNetwork()), ct, 6):
        posterior.add(sample)
    assert posterior.variance.mean() > 1e-4


def test_samples_are_probabilities_and_invalid_outside_the_field_of_view(ct):
    samples = drawn(TestTimeAugmentation(ConvolutionalNetwork()), ct, 12)
    for sample in samples:
        assert sample.probabilities.shape == (3, *SHAPE)
        assert sample.probabilities.min() >= 0
        assert torch.allclose(sample.probabilities.sum(0), torch.ones(SHAPE), atol=1e-5)
    masks = [sample.valid for sample in samples if sample.valid is not None]
    assert any(not mask.all() for mask in masks)
    assert all(mask[:, 18, 20].all() for mask in masks)  # the axis through the center never leaves


def test_same_seed_same_samples_and_more_samples_share_the_first(ct):
    sampler = TestTimeAugmentation(ConvolutionalNetwork())
    few, many, other = drawn(sampler, ct, 2, seed=5), drawn(sampler, ct, 4, seed=5), drawn(sampler, ct, 2, seed=6)
    for a, b in zip(few, many, strict=False):
        assert torch.equal(a.probabilities, b.probabilities)
        assert a.parameters == b.parameters
    assert [s.parameters["operators"] for s in other] != [s.parameters["operators"] for s in few]
    assert len({json.dumps(s.parameters["operators"]) for s in many}) == 4


def test_network_sees_one_sample_at_a_time(ct):
    """Rounding inside a batch depends on its size: no sample may depend on how many others are drawn."""
    network = ConvolutionalNetwork()
    drawn(TestTimeAugmentation(network), ct, 3)
    assert network.batches == [1, 1, 1]


def test_replay_from_json(ct):
    sampler = TestTimeAugmentation(ConvolutionalNetwork())
    samples = drawn(sampler, ct, 3, seed=11)
    again = sampler.replay(ct, json.loads(json.dumps(samples[2].parameters)))
    assert torch.equal(again.probabilities, samples[2].probabilities)
    assert (again.valid is None) == (samples[2].valid is None)
    assert again.valid is None or torch.equal(again.valid, samples[2].valid)


def test_samples_do_not_need_gradients_and_a_ct_is_prepared_once(ct):
    network = ConvolutionalNetwork()
    network.weight.requires_grad_()
    sampler = TestTimeAugmentation(network)
    assert sampler.grid(ct).shape == SHAPE
    assert not any(sample.probabilities.requires_grad for sample in sampler.draw(ct, 2, 0))
    assert network.prepared == 1


def test_preset_is_chosen_by_the_working_grid_and_recorded(ct):
    thick = drawn(TestTimeAugmentation(PointwiseNetwork((5.0, 0.5, 0.5))), ct, 1)[0]
    thin = drawn(TestTimeAugmentation(PointwiseNetwork((1.0, 1.0, 1.0))), ct, 1)[0]
    forced = drawn(TestTimeAugmentation(PointwiseNetwork((5.0, 0.5, 0.5)), "paper"), ct, 1)[0]
    assert [s.parameters["preset"] for s in (thick, thin, forced)] == ["anisotropic", "paper", "paper"]
    assert len(forced.parameters["operators"]) == 5


@pytest.mark.parametrize(
    "wrong",
    [
        lambda ct: TestTimeAugmentation(PointwiseNetwork(), transforms=-1),
        lambda ct: TestTimeAugmentation(PointwiseNetwork(), "sideways"),
        lambda ct: TestTimeAugmentation(PointwiseNetwork()).draw(ct, 0, 0),
        lambda ct: TestTimeAugmentation(PointwiseNetwork()).draw(ct, 1, -1),
        lambda ct: TestTimeAugmentation(PointwiseNetwork()).replay(ct, {"sample": 0}),
    ],
)
def test_nonsense_is_refused_before_anything_is_computed(ct, wrong):
    with pytest.raises(ArgumentError):
        wrong(ct)
