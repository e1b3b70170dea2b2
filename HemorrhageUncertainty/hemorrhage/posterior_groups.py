"""How much of the disagreement arises within random draws, and how much between them (law of total variance, chain rule)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from .welford import add_sample


@dataclass(frozen=True, eq=False)
class GroupParts:
    """Parts of the uncertainty on the working grid, each (D, H, W).

    Attributes
    ----------
    variance_within, variance_between : tensor
        Mean over draws of the variance within a draw, and variance of the draws' means; they sum to the variance.
    information_within, information_between : tensor
        Mutual information between prediction and which sample of a known draw it is, and between prediction and draw, divided
        by log C; they sum to the mutual information.
    """

    variance_within: torch.Tensor
    variance_between: torch.Tensor
    information_within: torch.Tensor
    information_between: torch.Tensor


class GroupSums:
    """Running sums over samples that come in groups, one group after the other; C + 3 float32 maps whatever their number.

    Every voxel weighs a group by the votes that it has there, so that the parts sum to the whole everywhere:

    variance = sum_g n_g var_g / n + sum_g n_g (mean_g - mean)^2 / n,
    H(mean) = mean of H(p) + [sum_g n_g H(mean_g) / n - mean of H(p)] + [H(mean) - sum_g n_g H(mean_g) / n].

    Parameters
    ----------
    shape : torch.Size
        (C, D, H, W).
    device : torch.device
    """

    def __init__(self, shape: torch.Size, device: torch.device) -> None:
        self._group: int | None = None
        self._mean = torch.zeros(shape, device=device)
        self._votes = torch.zeros(shape[1:], device=device)
        self._squares = torch.zeros_like(self._votes)
        self._entropies = torch.zeros_like(self._votes)

    def add(self, probabilities: torch.Tensor, valid: torch.Tensor | None, group: int) -> None:
        """Take in one sample (C, D, H, W) of a group."""
        if group != self._group:
            self._entropies = self._entropies_with_present()
            self._mean.zero_()
            self._votes.zero_()
            self._group = group
        vote = torch.ones_like(self._votes) if valid is None else valid.float()
        self._squares.add_(add_sample(self._mean, self._votes, probabilities.float(), vote).sum(0))

    def parts(
        self, votes: torch.Tensor, variance: torch.Tensor, entropy: torch.Tensor, expected_entropy: torch.Tensor
    ) -> GroupParts:
        """Divide the posterior's maps (D, H, W) over all samples, which are in [0, 1], into their parts."""
        some = votes.clamp(min=1)
        within = torch.minimum(self._squares / some, variance)
        given_draw = self._entropies_with_present() / some / math.log(len(self._mean))
        given_draw = torch.minimum(torch.maximum(given_draw, expected_entropy), entropy)  # rounding
        return GroupParts(within, variance - within, given_draw - expected_entropy, entropy - given_draw)

    def _entropies_with_present(self) -> torch.Tensor:
        """Return the sum over groups of n_g H(mean_g) in nats, that of the unfinished group included."""
        return torch.addcmul(self._entropies, torch.special.entr(self._mean.clamp(0, 1)).sum(0), self._votes)
