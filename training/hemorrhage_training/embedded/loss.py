"""Cross-entropy, soft Dice of the subtypes that are present and of hemorrhage against none, their naming and their finding."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from monai.losses import DiceLoss
from torch import Tensor, nn

#: Small enough that a missed hemorrhage costs more than one under a wrong name.
_NAMING = 0.4
#: Outweighs Dice only where hemorrhage is given less than about 3 %.
_FINDING = 0.05


class SubtypeAndHemorrhageLoss(nn.Module):
    """Deep-supervised sum of cross-entropy, Dice over the subtypes present, Dice of any hemorrhage, naming and finding.

    A window holds one or two of the five subtypes. The Dice of an absent class is zero whatever is predicted, so it teaches
    nothing where much is predicted and drowns what the others teach where little is; cross-entropy alone speaks for those.
    Dice of any hemorrhage keeps a hematoma found when its subtype is in doubt.

    A small subtype that is called by a larger one's name has no gradient to speak of in either: naming is the cross-entropy of
    the subtype given that there is hemorrhage, the mean of the present subtypes' means. It says nothing about how much to call.
    Where a small subtype is called background with certainty, Dice has no gradient and cross-entropy a tiny one: finding is the
    cross-entropy of hemorrhage against none, averaged in the same way.
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
            total = total + weight * (F.cross_entropy(logits, target) + self._of_present(logits, target))
        return total / sum(self.scales[: len(outputs)])

    def _of_present(self, logits: Tensor, target: Tensor) -> Tensor:
        present = [c for c in target.unique().tolist() if c > 0]
        if not present:
            return logits.new_zeros(())
        masks = [target == c for c in present]
        probability, one_hot = logits.softmax(1), torch.stack(masks, 1).to(logits)
        subtypes = self._dice_loss(probability[:, present], one_hot).mean()
        hemorrhage = self._dice_loss(1 - probability[:, :1], one_hot.sum(1, keepdim=True)).mean()
        named = F.log_softmax(logits[:, 1:], 1)
        naming = -torch.stack([named[:, c - 1][mask].mean() for c, mask in zip(present, masks, strict=True)]).mean()
        hemorrhage_or_none = torch.logsumexp(logits[:, 1:], 1) - torch.logsumexp(logits, 1)
        finding = -torch.stack([hemorrhage_or_none[mask].mean() for mask in masks]).mean()
        return subtypes + hemorrhage + _NAMING * naming + _FINDING * finding
