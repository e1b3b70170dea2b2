"""Cross-entropy in which pixels with hemorrhage weigh more (SLEX-Net, Eq. 9), for any number of classes."""

from __future__ import annotations

import torch
from torch.nn.functional import nll_loss

from .settings import LossSettings
from .slice_store import IGNORED

#: Probabilities below count as this: the logarithm stays finite.
_LEAST = 1e-7


def weighted_cross_entropy(log_probabilities: torch.Tensor, labels: torch.Tensor, settings: LossSettings) -> torch.Tensor:
    """Return -1/N sum over pixels of w_c log p_c, c the pixel's class; N counts pixels, as printed, and not their weights.

    Parameters
    ----------
    log_probabilities : (B, C, H, W) float32 tensor
    labels : (B, H, W) int64 tensor
        `IGNORED` pixels do not count.
    settings : LossSettings
    """
    weights = log_probabilities.new_full((log_probabilities.shape[1],), settings.lesion)
    weights[0] = settings.other
    total = nll_loss(log_probabilities, labels, weights, ignore_index=IGNORED, reduction="sum")
    return total / (labels != IGNORED).sum().clamp(min=1)


def log_of(probabilities: torch.Tensor) -> torch.Tensor:
    """Return the logarithm of probabilities that are sums of softmaxes."""
    return probabilities.clamp(min=_LEAST).log()
