"""U of a patch against NumPy, and its symmetries."""

import numpy as np
import pytest
import torch

from hemorrhage_training.nnunet.patch_uncertainty import RunningVariance, transformed_predictions

SPACING = (5.0, 1.0, 1.0)


def _probabilities(count, seed=0):
    return torch.randn((count, 2, 3, 4, 5, 6), generator=torch.Generator().manual_seed(seed)).softmax(2)


def test_is_the_population_variance_summed_over_classes():
    drawn = _probabilities(7)
    running = RunningVariance()
    for each in drawn:
        running.add(each)
    assert torch.allclose(running.total()[:, 0], drawn.double().var(0, unbiased=False).sum(1).float(), atol=1e-6)


def test_a_voxel_counts_only_the_predictions_that_saw_it():
    drawn = _probabilities(4)
    valid = torch.rand((4, 2, 1, 4, 5, 6), generator=torch.Generator().manual_seed(1)) > 0.4
    running = RunningVariance()
    for each, seen in zip(drawn, valid, strict=True):
        running.add(each, seen)
    expected = np.zeros((2, 1, 4, 5, 6))
    for at in np.ndindex(expected.shape):
        votes = [drawn[m, at[0], :, *at[2:]].double().numpy() for m in range(4) if valid[m][at]]
        expected[at] = np.var(votes, axis=0).sum() if len(votes) > 1 else 0
    assert np.allclose(running.total().numpy(), expected, atol=1e-6)


def test_order_does_not_matter():
    drawn = _probabilities(5)
    totals = []
    for order in (drawn, drawn.flip(0)):
        running = RunningVariance()
        for each in order:
            running.add(each)
        totals.append(running.total())
    assert torch.allclose(*totals, atol=1e-6)


def test_nothing_added_is_an_error():
    with pytest.raises(ValueError, match="needs predictions"):
        RunningVariance().total()


def test_a_pointwise_network_disagrees_only_by_interpolation():
    axis = torch.linspace(-1, 1, 24)
    smooth = torch.exp(-(axis[:, None] ** 2 + axis[None] ** 2) * 3).expand(1, 1, 6, 24, 24).contiguous()

    def pointwise(patch):
        return torch.cat([1 - patch.clamp(0, 1), patch.clamp(0, 1)], 1)

    running = RunningVariance()
    running.add(pointwise(smooth))
    for probabilities, valid in transformed_predictions(
        pointwise, smooth, SPACING, count=8, transforms=5, rng=np.random.default_rng(0)
    ):
        assert torch.allclose(probabilities.sum(1), torch.ones(()), atol=1e-5)
        running.add(probabilities, valid)
    assert running.total()[..., 6:-6, 6:-6].max() < 1e-3


def test_a_network_that_reads_the_position_disagrees():
    patch = torch.zeros(1, 1, 4, 16, 16)
    ramp = torch.linspace(0, 1, 16).expand(1, 1, 4, 16, 16)
    running = RunningVariance()
    for probabilities, valid in transformed_predictions(
        lambda _: torch.cat([ramp, 1 - ramp], 1), patch, SPACING, count=12, transforms=5, rng=np.random.default_rng(0)
    ):
        running.add(probabilities, valid)
    assert running.total().max() > 0.05


def test_draws_are_repeatable():
    def once():
        predicted = transformed_predictions(
            lambda p: torch.cat([p, 1 - p], 1),
            torch.rand((1, 1, 4, 12, 12), generator=torch.Generator().manual_seed(0)),
            SPACING,
            count=3,
            transforms=5,
            rng=np.random.default_rng(4),
        )
        return [p for p, _ in predicted]

    assert all(torch.equal(a, b) for a, b in zip(once(), once(), strict=True))
