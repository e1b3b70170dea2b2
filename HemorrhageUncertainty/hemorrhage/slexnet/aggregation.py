"""From a slice's own prediction and its expansions to one prediction (SLEX-Net, Eq. 4-7), for any number of classes."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from .settings import SlexNetSettings, Weighting


def consistency_error(forward: torch.Tensor, backward: torch.Tensor) -> torch.Tensor:
    """Return CET (Eq. 5): half the L1 distance between two probability vectors (N, C, H, W), as (N, 1, H, W) in [0, 1].

    With two classes this is the paper's absolute difference of the foreground probabilities.
    """
    return 0.5 * (forward - backward).abs().sum(1, keepdim=True)


def consistency_weight(error: torch.Tensor, beta: float) -> torch.Tensor:
    """Return W = beta exp(-CET^2) (Eq. 6), in (0, beta]."""
    return beta * torch.exp(-(error**2))


def aggregate(own: torch.Tensor, expanded: Sequence[torch.Tensor], settings: SlexNetSettings) -> torch.Tensor:
    """Return the aggregated class probabilities (Eq. 4 or 7).

    Parameters
    ----------
    own : (N, C, H, W) tensor
        P_i, the backbone's probabilities.
    expanded : sequence of (N, C, H, W) tensor
        One per entry of ``settings.offsets``, in that order: with two directions the pairs (from i - k, from i + k).
    settings : SlexNetSettings

    Returns
    -------
    (N, C, H, W) tensor
        Sums to 1 over C, because all classes of a pixel share one weight.
    """
    share = settings.beta / settings.reach
    if settings.weighting is Weighting.PLAIN:
        return (1 - share * len(expanded)) * own + share * torch.stack(list(expanded)).sum(0)
    total = own
    for forward, backward in zip(expanded[::2], expanded[1::2], strict=True):
        weight = consistency_weight(consistency_error(forward, backward), share)
        # The sum of both first: reversing the slices then changes nothing, to the bit.
        total = total + weight * ((forward + backward) - 2 * own)
    return total
