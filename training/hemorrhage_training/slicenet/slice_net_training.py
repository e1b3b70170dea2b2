"""The backbone by itself: one loss, one prediction."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from hemorrhage.slicenet import SliceNetSettings
from hemorrhage.slicenet.network import build_slice_net

from ..slices.settings import LossSettings, OptimizationSettings
from ..slices.slice_training import SliceTraining
from ..slices.weighted_cross_entropy import weighted_cross_entropy

#: Slices per forward pass of validation.
_BATCH = 8


class SliceNetTraining(SliceTraining):
    """Weighted cross-entropy of the slice's own prediction.

    Parameters
    ----------
    settings : SliceNetSettings
    loss : LossSettings
    training : OptimizationSettings
    """

    def __init__(self, settings: SliceNetSettings, loss: LossSettings, training: OptimizationSettings) -> None:
        super().__init__(build_slice_net(settings), len(settings.classes), training)
        self.loss = loss

    def losses(self, images: torch.Tensor, labels: torch.Tensor) -> Mapping[str, torch.Tensor]:
        """Return the loss; neighbors play no part."""
        middle = images.shape[1] // 2
        log_probabilities = self.network(images[:, middle : middle + 1]).float().log_softmax(1)
        return {"backbone": weighted_cross_entropy(log_probabilities, labels[:, middle], self.loss)}

    def predict_stack(self, slices: torch.Tensor) -> torch.Tensor:
        """Return the prediction without dropout."""
        return torch.cat([self.network(part).float().softmax(1) for part in slices.split(_BATCH)])
