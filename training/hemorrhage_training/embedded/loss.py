"""Cross-entropy, and soft Dice of the subtypes that are present and of hemorrhage against none."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from monai.losses import DiceLoss
from torch import Tensor, nn


class SubtypeAndHemorrhageLoss(nn.Module):
    """Deep-supervised sum of cross-entropy, Dice over the subtypes present, and Dice of any hemorrhage.

    A window holds one or two of the five subtypes. The Dice of an absent class is zero whatever is predicted, so it teaches
    nothing where much is predicted and drowns what the others teach where little is; cross-entropy alone speaks for those.
    Dice of any hemorrhage keeps a hematoma found when its subtype is in doubt.
    """

    def __init__(self, classes: int, scales: tuple[float, ...] = (1.0, 0.5, 0.25)) -> None:
        super().__init__()
        self.classes, self.scales = classes, scales
        #: 1 - 2 sum(p t) / sum(p + t) per class, over batch and voxels.
        self._dice_loss = DiceLoss(batch=True, reduction="none", smooth_nr=0, smooth_dr=1e-5)

    def forward(self, outputs: list[Tensor], labels: Tensor) -> Tensor:
        """Return the loss of logits per scale [(B, C, D, H, W), ...] against labels (B, 1, D, H, W)."""
        total = outputs[0].new_zeros(())
        for weight, logits in zip(self.scales, outputs, strict=False):
            same = labels.shape[2:] == logits.shape[2:]
            target = (labels if same else F.interpolate(labels.float(), logits.shape[2:]))[:, 0].long()
            total = total + weight * (F.cross_entropy(logits, target) + self._dice(logits.softmax(1), target))
        return total / sum(self.scales[: len(outputs)])

    def _dice(self, probability: Tensor, target: Tensor) -> Tensor:
        present = [c for c in target.unique().tolist() if c > 0]
        if not present:
            return probability.new_zeros(())
        one_hot = torch.stack([target == c for c in present], 1).to(probability)
        subtypes = self._dice_loss(probability[:, present], one_hot).mean()
        hemorrhage = self._dice_loss(1 - probability[:, :1], one_hot.sum(1, keepdim=True)).mean()
        return subtypes + hemorrhage
