"""Samples' label maps on the CT's grid."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from hemorrhage.errors import ResourceError
from hemorrhage.kept_samples import KeptSamples
from hemorrhage.sampling.sampler import Sample
from hemorrhage.sampling.working_grid import WorkingGrid

#: A box of a CT of 4 x 6 x 6, rows and columns at half the resolution.
COARSE = WorkingGrid((4, 6, 6), (0, 1, 2), ((1, 3), (0, 4), (2, 6)), (2, 2, 2), (5.0, 2.0, 2.0))


def sample_of(blood: np.ndarray, valid: np.ndarray | None = None) -> Sample:
    values = torch.from_numpy(blood).float()
    return Sample(torch.stack([1 - values, values]), None if valid is None else torch.from_numpy(valid))


def test_probabilities_are_resampled_before_the_highest_wins():
    """A sure coarse voxel beside a voxel of 0.3: linear interpolation moves the boundary, copying labels would not."""
    blood = np.zeros((2, 2, 2))
    blood[0] = [[1.0, 0.3], [1.0, 0.3]]
    kept = KeptSamples(COARSE, 2)
    kept.add(sample_of(np.zeros((2, 2, 2))))
    kept.add(sample_of(blood))
    assert (kept.labels.shape, kept.labels.dtype) == ((2, 4, 6, 6), np.uint8)
    assert not kept.labels[0].any()
    expected = np.zeros((4, 6, 6), np.uint8)
    # along columns 1, 0.825, 0.475, 0.3; the box begins at slice 1, column 2
    expected[1, 0:4, 2:4] = 1
    np.testing.assert_array_equal(kept.labels[1], expected)


def test_no_vote_is_background():
    kept = KeptSamples(COARSE, 1)
    valid = np.ones((2, 2, 2), bool)
    valid[0] = False
    kept.add(sample_of(np.ones((2, 2, 2)), valid))
    assert not kept.labels[0, 1].any()
    assert (kept.labels[0, 2, 0:4, 2:6] == 1).all()


def test_what_memory_cannot_hold_is_refused_first(monkeypatch):
    monkeypatch.setattr("hemorrhage.memory.available_memory_bytes", lambda: 1000)
    with pytest.raises(ResourceError, match="keeping the label maps of 10 samples"):
        KeptSamples(COARSE, 10)
