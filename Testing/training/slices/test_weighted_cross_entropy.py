"""Eq. 9 against a plain reading."""

import numpy as np
import torch

from hemorrhage_training.slices.settings import LossSettings
from hemorrhage_training.slices.slice_store import IGNORED
from hemorrhage_training.slices.weighted_cross_entropy import log_of, weighted_cross_entropy


def test_equals_the_printed_sum():
    rng = np.random.default_rng(0)
    p = rng.dirichlet([1, 1, 1], (2, 4, 5)).astype(np.float32)
    y = rng.integers(0, 3, (2, 4, 5))
    expected = 0.0
    for b, i, j in np.ndindex(y.shape):
        weight = 0.1 if y[b, i, j] == 0 else 1.0
        expected -= weight * np.log(p[b, i, j, y[b, i, j]]) / y.size
    log_p = log_of(torch.from_numpy(p.transpose(0, 3, 1, 2).copy()))
    assert abs(float(weighted_cross_entropy(log_p, torch.from_numpy(y), LossSettings())) - expected) < 1e-5
    y[0, 0, :] = IGNORED
    kept = torch.from_numpy(y)
    halves = [weighted_cross_entropy(log_p[b : b + 1], kept[b : b + 1], LossSettings(lesion=2, other=3)) for b in range(2)]
    both = weighted_cross_entropy(log_p, kept, LossSettings(lesion=2, other=3))
    assert torch.allclose(both, (15 * halves[0] + 20 * halves[1]) / 35)


def test_certain_and_wrong_is_finite():
    p = torch.zeros(1, 2, 1, 1)
    p[:, 0] = 1
    loss = weighted_cross_entropy(log_of(p), torch.ones(1, 1, 1, dtype=torch.int64), LossSettings())
    assert 10 < float(loss) < 20


def test_nothing_known_costs_nothing():
    loss = weighted_cross_entropy(torch.zeros(1, 2, 2, 2), torch.full((1, 2, 2), IGNORED), LossSettings())
    assert float(loss) == 0
