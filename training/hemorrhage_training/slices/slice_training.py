"""One step and one validation of a 2D method: what is the same for all, and the two things that each adds."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import lightning
import numpy as np
import torch
from torch import nn

from .settings import OptimizationSettings
from .slice_data_sets import SliceBatch
from .validation_scores import CaseCounts, ValidationScores

#: What is logged and watched: mean Dice over the foreground classes.
WATCHED = "validation/dice"


class SliceTraining(lightning.LightningModule, ABC):
    """Training of a network of slices; a method says what a step's losses are and how a stack is predicted.

    Parameters
    ----------
    network : nn.Module
        What is trained, and whose best weights become the model.
    classes : int
        With the background.
    settings : OptimizationSettings

    Attributes
    ----------
    scores : ValidationScores or None
        Of the latest validation.
    """

    def __init__(self, network: nn.Module, classes: int, settings: OptimizationSettings) -> None:
        super().__init__()
        self.network, self.settings = network, settings
        self.scores: ValidationScores | None = None
        self._classes = classes

    @abstractmethod
    def losses(self, images: torch.Tensor, labels: torch.Tensor) -> Mapping[str, torch.Tensor]:
        """Return the named losses of a batch, whose sum is minimized.

        Parameters
        ----------
        images : (B, K, H, W) tensor
            Normalized slices, each in the middle of its neighbors.
        labels : (B, K, H, W) int64 tensor
        """

    @abstractmethod
    def predict_stack(self, slices: torch.Tensor) -> torch.Tensor:
        """Return class probabilities (D, C, H, W) of a stack (D, 1, H, W), as the model will predict it."""

    def training_step(self, batch: SliceBatch, _: int) -> torch.Tensor:
        """Return the sum of the losses."""
        losses = self.losses(*batch)
        total = torch.stack([*losses.values()]).sum()
        self.log_dict(
            {f"train/{name}": loss.detach() for name, loss in {**losses, "loss": total}.items()},
            on_step=False,
            on_epoch=True,
            sync_dist=True,
            batch_size=len(batch[0]),
        )
        return total

    def on_train_batch_start(self, _: SliceBatch, step: int) -> None:
        """Seed each step, so that dropout is the same whether the run was interrupted before or not.

        Not each epoch: the data loader takes numbers of the same generator, before a run's first epoch and within later ones.
        """
        entropy = [self.settings.seed, self.current_epoch, step, self.global_rank]
        torch.manual_seed(int(np.random.SeedSequence(entropy).generate_state(1)[0]))

    def on_validation_epoch_start(self) -> None:
        """Begin to count."""
        cases = len(self.trainer.datamodule.validation_names)  # type: ignore[attr-defined]
        self._counts = CaseCounts(cases, self._classes, self.device)

    def validation_step(self, batch: tuple[int, torch.Tensor, torch.Tensor], _: int) -> None:
        """Predict a whole case and count."""
        case, slices, labels = batch
        self._counts.add(case, self.predict_stack(slices).float(), labels)

    def on_validation_epoch_end(self) -> None:
        """Merge the counts of all processes and log the figures."""
        if self.trainer.world_size > 1:
            gathered: Any = self.all_gather([self._counts.overlaps, self._counts.nll])
            self._counts.merge(gathered)
        self.scores = self._counts.scores()
        # Every process has the same merged figures: nothing is left to reduce.
        self.log(WATCHED, self.scores.mean_dice, rank_zero_only=False, sync_dist=False)
        self.log("validation/nll", self.scores.nll, rank_zero_only=False, sync_dist=False)

    def configure_optimizers(self) -> Any:
        """Return Adam with a rate that falls by steps; a method may choose another."""
        settings = self.settings
        optimizer = torch.optim.Adam(self.network.parameters(), settings.rate)
        schedule = torch.optim.lr_scheduler.StepLR(optimizer, settings.decay_every, settings.decay)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "epoch"}}
