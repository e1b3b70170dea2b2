"""SLEX-Net's two stages of training: backbone and expansion module alone, then the whole (Li et al., section III-C)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import nn

from hemorrhage.slexnet import SlexNetSettings
from hemorrhage.slexnet.aggregation import aggregate
from hemorrhage.slexnet.network import SlexNet

from ..slices.settings import LossSettings, OptimizationSettings
from ..slices.slice_training import SliceTraining
from ..slices.weighted_cross_entropy import log_of, weighted_cross_entropy
from .train_config import ExpansionSettings


class _Stage(SliceTraining):
    """What both stages have in common.

    Parameters
    ----------
    settings : SlexNetSettings
    loss : LossSettings
    training : OptimizationSettings
    """

    network: SlexNet

    def __init__(self, settings: SlexNetSettings, loss: LossSettings, training: OptimizationSettings) -> None:
        super().__init__(SlexNet(settings), len(settings.classes), training)
        self.loss = loss

    def predict_stack(self, slices: torch.Tensor) -> torch.Tensor:
        """Return the aggregated prediction (Eq. 7)."""
        own, *expanded = self.network.hypotheses(slices)
        return aggregate(own, expanded, self.network.settings)

    def _own_and_neighbors(self, of_stack: torch.Tensor) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """Return the middle of (B, K, ...), and what lies at each of ``settings.offsets`` from it: (B, ...) each."""
        middle = of_stack.shape[1] // 2
        return of_stack[:, middle], [of_stack[:, middle + offset] for offset in self.network.settings.offsets]

    def _expansion_logits(
        self, own: torch.Tensor, neighbors: list[torch.Tensor], probabilities: list[torch.Tensor]
    ) -> list[torch.Tensor]:
        """Expand from all neighbors in one forward pass: own and neighbors (B, H, W), their probabilities (B, C, H, W)."""
        repeated = own.repeat(len(neighbors), 1, 1)[:, None]
        logits = self.network.expand(torch.cat(neighbors)[:, None], repeated, torch.cat(probabilities)).float()
        return list(logits.split(len(own)))


class AloneStage(_Stage):
    """First stage: neither module's loss reaches the other.

    The expansion module sees the backbone's predictions of the neighbors as a model in use makes them, and no gradient goes back
    through them; both are trained in the same steps, which takes less time than one after the other.

    Parameters
    ----------
    settings, loss, training
        See `_Stage`.
    start : mapping of str to tensor, optional
        Weights to begin with.
    """

    def __init__(
        self,
        settings: SlexNetSettings,
        loss: LossSettings,
        training: OptimizationSettings,
        start: Mapping[str, torch.Tensor] | None = None,
    ) -> None:
        super().__init__(settings, loss, training)
        if start is not None:
            self.network.load_state_dict(start)

    def losses(self, images: torch.Tensor, labels: torch.Tensor) -> Mapping[str, torch.Tensor]:
        """Return the backbone's loss, and the expansions', summed over the directions."""
        (own, neighbors), target = self._own_and_neighbors(images), self._own_and_neighbors(labels)[0]
        backbone = self.network.backbone
        with torch.no_grad(), _evaluating(backbone):
            predicted = backbone(torch.cat(neighbors)[:, None]).float().softmax(1).split(len(own))
        expansions = self._expansion_logits(own, neighbors, list(predicted))
        return {
            "backbone": weighted_cross_entropy(backbone(own[:, None]).float().log_softmax(1), target, self.loss),
            "expansion": torch.stack([weighted_cross_entropy(e.log_softmax(1), target, self.loss) for e in expansions]).sum(),
        }


class WholeStage(_Stage):
    """Second stage: the aggregated prediction and the expansions are supervised, through all of the network (Eq. 10).

    Parameters
    ----------
    settings, loss, training
        See `_Stage`.
    expansion : ExpansionSettings
    start : mapping of str to tensor
        Weights that the first stage ended with.
    """

    def __init__(
        self,
        settings: SlexNetSettings,
        loss: LossSettings,
        training: OptimizationSettings,
        expansion: ExpansionSettings,
        start: Mapping[str, torch.Tensor],
    ) -> None:
        super().__init__(settings, loss, training)
        self.expansion = expansion
        self.network.load_state_dict(start)

    def losses(self, images: torch.Tensor, labels: torch.Tensor) -> Mapping[str, torch.Tensor]:
        """Return L_seg, L_sem and, for SLEX-Net++, L_backbone, with their weights."""
        own, neighbors = self._own_and_neighbors(images)
        target, neighbor_targets = self._own_and_neighbors(labels)
        logits = self.network.backbone(torch.cat([own, *neighbors])[:, None]).float().split(len(own))
        probabilities = [each.softmax(1) for each in logits]
        expansions = self._expansion_logits(own, neighbors, probabilities[1:])
        aggregated = aggregate(probabilities[0], [each.softmax(1) for each in expansions], self.network.settings)
        losses = {
            "segmentation": self.expansion.gamma * weighted_cross_entropy(log_of(aggregated), target, self.loss),
            "expansion": self.expansion.kappa
            * torch.stack([weighted_cross_entropy(e.log_softmax(1), target, self.loss) for e in expansions]).sum(),
        }
        if self.expansion.supervise_neighbors:
            pairs = zip(logits[1:], neighbor_targets, strict=True)
            losses["neighbors"] = torch.stack([weighted_cross_entropy(e.log_softmax(1), t, self.loss) for e, t in pairs]).sum()
        return losses


@contextmanager
def _evaluating(network: nn.Module) -> Iterator[None]:
    """Use a network as a model in use does: stored statistics in its normalization, which stay as they are."""
    training = network.training
    network.eval()
    try:
        yield
    finally:
        network.train(training)
