"""The loss of the uncertainty-aware nnU-Net (Eq. 5): cross-entropy and soft Dice that count uncertain voxels more."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from nnunetv2.training.loss.compound_losses import DC_and_CE_loss
from torch import Tensor, nn


class UncertaintyWeightedLoss(nn.Module):
    r"""nnU-Net's Dice and cross-entropy with voxel weights :math:`1 + \lambda U`.

    .. math::

        L = \mathrm{mean}\big((1 + \lambda U)\,\mathrm{CE}\big)
            - \frac{2 \sum (1 + \lambda U)\, p\, t}{\sum (1 + \lambda U)\,(p + t)}

    The cross-entropy is computed as ``mean(CE) + lambda mean(U CE)``: the first term is nnU-Net's own, so that with lambda = 0 or
    U = 0 value and gradient are nnU-Net's to the last bit. A voxel with the ignore label has no weight in either term.

    Parameters
    ----------
    stock : DC_and_CE_loss
        The loss that nnU-Net built for these plans; its settings (batch Dice, smoothing, DDP, ignore label) are kept.
    lam : float
        lambda, at least 0 (the paper: 50). May be changed between steps, for a ramp.
    """

    def __init__(self, stock: DC_and_CE_loss, lam: float) -> None:
        super().__init__()
        if lam < 0:
            raise ValueError(f"lambda must be 0 or more, not {lam}")
        self.stock, self.lam = stock, lam

    def forward(self, logits: Tensor, target: Tensor, uncertainty: Tensor | None = None) -> Tensor:
        """Return the loss; without an uncertainty map (validation) nnU-Net's own.

        Parameters
        ----------
        logits : (B, C, ...) float tensor
        target : (B, 1, ...) tensor of label values
        uncertainty : (B, 1, ...) float tensor, optional
            U of Eq. 4 on the target's grid, in [0, 1 - 1/C]; no gradient flows into it.
        """
        if uncertainty is None:
            return self.stock(logits, target)
        uncertainty = uncertainty.detach().float()
        ignored = self.stock.ignore_label
        valid = None if ignored is None else target != ignored
        labels = target if valid is None else torch.where(valid, target, 0)
        weight = 1.0 + self.lam * uncertainty
        if valid is not None:
            weight = weight * valid
        dice = self.stock.dc(logits, labels, loss_mask=weight)
        if valid is not None and not valid.any():
            return self.stock.weight_dice * dice
        cross_entropy = self.stock.ce(logits, target[:, 0])
        if self.lam:
            at_voxels = F.cross_entropy(
                logits, target[:, 0].long(), reduction="none", ignore_index=-100 if ignored is None else ignored
            )
            weighted = at_voxels * uncertainty[:, 0]
            counted = weighted.numel() if valid is None else valid.sum()
            cross_entropy = cross_entropy + self.lam * weighted.sum() / counted
        return self.stock.weight_ce * cross_entropy + self.stock.weight_dice * dice
