"""Uncertainty from several hypotheses in one pass (SLEX-Net, Eq. 8)."""

from __future__ import annotations

import torch


def predictive_entropy(hypotheses: torch.Tensor) -> torch.Tensor:
    """Return the entropy of the mean of the hypotheses in nats, in [0, log C].

    Parameters
    ----------
    hypotheses : (M, N, C, H, W) tensor of probabilities

    Returns
    -------
    (N, H, W) tensor
    """
    mean = hypotheses.mean(0)
    return torch.special.entr(mean).sum(1)


def foreground_entropy(hypotheses: torch.Tensor) -> torch.Tensor:
    """Return Eq. 8 as printed, -p log p of the mean foreground probability p alone, in nats, in [0, 1/e].

    It is not an entropy: it is largest at p = 1/e, and unequal for p and 1 - p. Shapes as in `predictive_entropy`; with more than
    two classes, p is the probability of any foreground.
    """
    return torch.special.entr(1 - hypotheses.mean(0)[:, 0])
