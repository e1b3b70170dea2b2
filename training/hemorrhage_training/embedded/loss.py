"""Soft Dice and cross-entropy over subtypes, and soft Dice of hemorrhage against no hemorrhage."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from monai.losses import DiceLoss
from torch import Tensor, nn


class SubtypeAndHemorrhageLoss(nn.Module):
    """Deep-supervised sum of class-weighted cross-entropy, Dice over subtypes and Dice of any hemorrhage.

    The last term keeps a hematoma found when its subtype is in doubt, which the Dice over subtypes alone punishes twice.
    """

    def __init__(self, classes: int, foreground_weight: float = 2.0, scales: tuple[float, ...] = (1.0, 0.5, 0.25)) -> None:
        super().__init__()
        self.scales = scales
        self.weight: Tensor
        self.register_buffer("weight", torch.tensor([1.0] + [foreground_weight] * (classes - 1)))
        self.subtypes = DiceLoss(include_background=False, to_onehot_y=True, softmax=True, batch=True)
        self.hemorrhage = DiceLoss(include_background=True, batch=True)

    def forward(self, outputs: list[Tensor], labels: Tensor) -> Tensor:
        """Return the loss of logits per scale [(B, C, D, H, W), ...] against labels (B, 1, D, H, W)."""
        total = outputs[0].new_zeros(())
        for weight, logits in zip(self.scales, outputs, strict=False):
            target = labels if logits.shape[2:] == labels.shape[2:] else F.interpolate(labels.float(), logits.shape[2:])
            blood = 1 - logits.softmax(1)[:, :1]
            total = total + weight * (
                F.cross_entropy(logits, target[:, 0].long(), weight=self.weight)
                + self.subtypes(logits, target)
                + self.hemorrhage(blood, (target > 0).float())
            )
        return total / sum(self.scales[: len(outputs)])
