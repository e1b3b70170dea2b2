"""One step of Welford's recursion for mean and variance, where each voxel counts its own votes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def add_sample(mean: torch.Tensor, votes: torch.Tensor, sample: torch.Tensor, vote: torch.Tensor) -> torch.Tensor:
    """Take one sample into mean and votes, in place, and return by how much the sums of squared deviations grow.

    Parameters
    ----------
    mean : (C, ...) float tensor
        Mean over the votes before.
    votes : (...) float tensor
        Number of votes before.
    sample : (C, ...) float tensor
    vote : (...) float tensor
        1 where the sample counts, else 0.

    Returns
    -------
    (C, ...) float tensor
        delta * (sample - new mean) = delta^2 (1 - 1/n), where delta is sample - old mean; 0 where the sample does not count.
    """
    share = vote / votes.add_(vote).clamp(min=1)
    delta = sample - mean
    mean.addcmul_(delta, share)
    return delta.square_().mul_(vote - share)
