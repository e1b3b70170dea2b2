"""SLEX-Net on a stack of slices: the backbone once per slice, one expansion per slice and neighbor (Eq. 1-3)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import nn

from ..slices.unet import UNet
from .aggregation import aggregate
from .settings import SlexNetSettings


class SlexNet(nn.Module):
    """Backbone and slice expansion module, each with one set of weights for all slices and directions.

    Parameters
    ----------
    settings : SlexNetSettings
    """

    def __init__(self, settings: SlexNetSettings) -> None:
        super().__init__()
        classes = len(settings.classes)
        self.settings = settings
        self.backbone = UNet(1, classes, settings.channels)
        self.expansion = UNet(2 + classes - 1, classes, settings.channels)

    def expand(self, neighbor: torch.Tensor, own: torch.Tensor, neighbor_probabilities: torch.Tensor) -> torch.Tensor:
        """Return the logits of what a neighbor's prediction becomes on this slice (Eq. 2 and 3).

        Parameters
        ----------
        neighbor, own : (N, 1, H, W) tensor
            Slices S_(i-1), or S_(i+1), and S_i.
        neighbor_probabilities : (N, C, H, W) tensor
            The backbone's; the background's is left out, as it follows from the others.
        """
        logits: torch.Tensor = self.expansion(torch.cat([neighbor, own, neighbor_probabilities[:, 1:]], 1))
        return logits

    def hypotheses(
        self, slices: torch.Tensor, batch: int = 8, before_batch: Callable[[], None] | None = None
    ) -> tuple[torch.Tensor, ...]:
        """Return the slices' own probabilities, and those expanded from each of ``settings.offsets``.

        The first and last slices stand for their own missing neighbors.

        Parameters
        ----------
        slices : (D, 1, H, W) tensor
            A whole stack, in order.
        batch : int
            Slices per forward pass.
        before_batch : callable, optional
            Called before every forward pass.

        Returns
        -------
        tuple of (D, C, H, W) float32 tensors
        """

        def parts() -> Iterator[torch.Tensor]:
            for part in torch.arange(len(slices), device=slices.device).split(batch):
                if before_batch is not None:
                    before_batch()
                yield part

        own = torch.cat([self.backbone(slices[part]).float().softmax(1) for part in parts()])
        expanded = []
        for offset in self.settings.offsets:
            logits = []
            for part in parts():
                neighbor = (part + offset).clamp(0, len(slices) - 1)
                logits.append(self.expand(slices[neighbor], slices[part], own[neighbor]).float())
            expanded.append(torch.cat(logits).softmax(1))
        return own, *expanded

    def forward(self, slices: torch.Tensor) -> torch.Tensor:
        """Return the aggregated probabilities (D, C, H, W) of a stack (D, 1, H, W)."""
        own, *expanded = self.hypotheses(slices)
        return aggregate(own, expanded, self.settings)
