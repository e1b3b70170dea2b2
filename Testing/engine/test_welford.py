"""Welford's recursion against NumPy, with votes that differ from voxel to voxel."""

import numpy as np
import torch

from hemorrhage.welford import add_sample


def test_mean_and_squared_deviations_of_the_samples_that_count():
    generator = torch.Generator().manual_seed(0)
    samples = torch.randn((9, 2, 4, 5), generator=generator)
    counts = (torch.rand((9, 4, 5), generator=generator) > 0.3).float()
    mean, votes, squares = torch.zeros(2, 4, 5), torch.zeros(4, 5), torch.zeros(2, 4, 5)
    for sample, vote in zip(samples, counts, strict=True):
        squares += add_sample(mean, votes, sample, vote)
    masked = np.ma.array(samples.numpy(), mask=np.broadcast_to(counts[:, None].numpy() == 0, samples.shape))
    assert np.array_equal(votes.numpy(), counts.sum(0).numpy())
    assert np.allclose(mean.numpy(), masked.mean(0).filled(0), atol=1e-6)
    assert np.allclose(squares.numpy(), (masked.var(0) * masked.count(0)).filled(0), atol=1e-5)
