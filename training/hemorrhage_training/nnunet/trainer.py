"""nnU-Net's trainer with Monte-Carlo test-time augmentation in the training loop and Eq. 5 as loss."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from batchgenerators.dataloading.nondet_multi_threaded_augmenter import NonDetMultiThreadedAugmenter
from nnunetv2.training.loss.compound_losses import DC_and_CE_loss
from nnunetv2.training.loss.deep_supervision import DeepSupervisionWrapper
from nnunetv2.training.nnUNetTrainer.nnUNetTrainer import nnUNetTrainer
from nnunetv2.utilities.collate_outputs import collate_outputs
from torch import Tensor, nn

from hemorrhage.errors import ArgumentError
from hemorrhage.models.nnunet_folder import read_checkpoint
from hemorrhage.transforms import TransformPreset

from ..checkpoint_file import remove_checkpoint, whole_checkpoint, write_checkpoint
from .environment import DATA_PROCESSES, environment_variable
from .epoch_record import EpochRecord
from .patch_uncertainty import uncertainty_of
from .uncertainty_settings import UncertaintySettings
from .uncertainty_weighted_loss import UncertaintyWeightedLoss

_LOGGED = (
    "train_losses",
    "val_losses",
    "dice_per_class_or_region",
    "lrs",
    "epoch_end_timestamps",
    "epoch_start_timestamps",
)


class nnUNetTrainerUncertaintyAware(nnUNetTrainer):
    """Trains with the loss of Eq. 5; everything else is nnU-Net's.

    Settings come from the plans (`UncertaintySettings`), so that stock ``nnUNetv2_train --c`` goes on as the run began. With
    lambda = 0 no uncertainty is computed and every step is nnU-Net's own, bit for bit.
    """

    def __init__(
        self,
        plans: dict[str, Any],
        configuration: str,
        fold: int,
        dataset_json: dict[str, Any],
        device: torch.device = torch.device("cuda"),  # noqa: B008 (nnU-Net's own signature)
    ) -> None:
        super().__init__(plans, configuration, fold, dataset_json, device)
        # nnU-Net records the arguments under the names of the subclass' signature: they are the same.
        self.settings = UncertaintySettings.of_plans(plans)
        self.num_epochs = self.settings.epochs
        self.num_iterations_per_epoch = self.settings.iterations
        self.num_val_iterations_per_epoch = self.settings.validation_iterations
        self.save_every = self.settings.save_every
        self._iteration = 0
        self._uncertainty_loss: UncertaintyWeightedLoss | None = None
        #: Told about every finished epoch; may raise to stop the training between two epochs.
        self.on_epoch: Callable[[EpochRecord], None] | None = None
        self._uncertainty_of_epoch = (math.nan, 1.0)

    @property
    def lam(self) -> float:
        """Lambda of the present epoch (a ramp reaches its value in the epoch `ramp_epochs`)."""
        ramp = self.settings.ramp_epochs
        return self.settings.lam * (min(1.0, (self.current_epoch + 1) / ramp) if ramp else 1.0)

    def initialize(self) -> None:
        """Build the network, its optimizer and the loss; repeatable from the seed if `deterministic`."""
        if self.settings.deterministic:
            self._seed_everything(0)
        super().initialize()

    def _build_loss(self) -> nn.Module:
        loss = super()._build_loss()
        if self.settings.lam == 0:
            return loss
        inner = loss.loss if isinstance(loss, DeepSupervisionWrapper) else loss
        if not isinstance(inner, DC_and_CE_loss):
            raise ArgumentError("uncertainty-aware training is defined for exclusive labels: this data set uses regions")
        self._uncertainty_loss = UncertaintyWeightedLoss(inner, self.settings.lam)
        return (
            DeepSupervisionWrapper(self._uncertainty_loss, loss.weight_factors) if inner is not loss else self._uncertainty_loss
        )

    def train_step(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Make one step of gradient descent; with lambda = 0, or between the steps that compute U, nnU-Net's own."""
        self._iteration += 1
        if self._uncertainty_loss is None or (self._iteration - 1) % self.settings.every:
            return {**super().train_step(batch), "uncertainty": np.nan, "weight": 1.0}
        self._uncertainty_loss.lam = self.lam * self.settings.every
        data = batch["data"].to(self.device, non_blocking=True)
        target = [t.to(self.device, non_blocking=True) for t in _as_list(batch["target"])]
        self.optimizer.zero_grad(set_to_none=True)
        with self._autocast():
            outputs = _as_list(self.network(data))
            uncertainty = self._uncertainty(data, outputs[0].detach())
            maps = [_shrunk(uncertainty, scale) for scale in target]
            loss = self.loss(outputs, target, maps) if self.enable_deep_supervision else self.loss(outputs[0], target[0], maps[0])
        self._descend(loss)
        mean = uncertainty.mean().item()
        return {"loss": loss.detach().cpu().numpy(), "uncertainty": mean, "weight": 1 + self._uncertainty_loss.lam * mean}

    def _descend(self, loss: Tensor) -> None:
        if self.grad_scaler is None:
            loss.backward()
            nn.utils.clip_grad_norm_(self.network.parameters(), 12)
            self.optimizer.step()
            return
        self.grad_scaler.scale(loss).backward()
        self.grad_scaler.unscale_(self.optimizer)
        nn.utils.clip_grad_norm_(self.network.parameters(), 12)
        self.grad_scaler.step(self.optimizer)
        self.grad_scaler.update()

    @torch.no_grad()
    def _uncertainty(self, data: Tensor, logits: Tensor) -> Tensor:
        """Return U (B, 1, ...) from the gradient pass' own prediction and `samples` - 1 transformed ones."""
        return uncertainty_of(
            self.probabilities,
            data,
            logits.float().softmax(1),
            tuple(float(s) for s in self.configuration_manager.spacing),
            samples=self.settings.samples,
            transforms=self.settings.transforms,
            rng=np.random.default_rng([self.settings.seed, self.local_rank, self.current_epoch, self._iteration]),
            preset=TransformPreset(self.settings.preset) if self.settings.preset else None,
        )

    def probabilities(self, data: Tensor) -> Tensor:
        """Return class probabilities (B, C, ...) of a patch, by the network as it is now."""
        module = self.network.module if self.is_ddp else self.network  # DDP's forward would wait for the other processes
        with self._autocast():
            return _as_list(module(data))[0].float().softmax(1)

    def _autocast(self) -> Any:
        return torch.autocast(self.device.type) if self.device.type == "cuda" else nullcontext()

    def on_train_epoch_start(self) -> None:
        """Start an epoch; a repeatable one depends on the seed and its number alone, so that a resumed run repeats it."""
        self._iteration = 0
        if self.settings.deterministic:
            self._seed_everything(1 + 2 * self.current_epoch)
        super().on_train_epoch_start()

    def on_validation_epoch_start(self) -> None:
        """Start the validation of an epoch."""
        if self.settings.deterministic:
            self._seed_everything(2 + 2 * self.current_epoch)
        super().on_validation_epoch_start()

    def on_train_epoch_end(self, train_outputs: list[dict[str, Any]]) -> None:
        """Log the epoch's mean U and mean voxel weight beside its loss."""
        super().on_train_epoch_end(train_outputs)
        if self._uncertainty_loss is not None:
            found = collate_outputs(train_outputs)
            mean, weight = float(np.nanmean(found["uncertainty"])), float(np.mean(found["weight"]))
            self._uncertainty_of_epoch = (mean, weight)
            self.print_to_log_file(f"uncertainty: mean U {mean:.5f}, lambda {self.lam:g}, mean voxel weight {weight:.3f}")

    def on_epoch_end(self) -> None:
        """Finish an epoch as nnU-Net does, and tell who wants to know."""
        epoch = self.current_epoch
        super().on_epoch_end()
        if self.on_epoch is None or self.local_rank != 0:
            return
        latest = {name: self.logger.get_value(name, step=-1) for name in _LOGGED}
        mean, weight = self._uncertainty_of_epoch
        self.on_epoch(
            EpochRecord(
                epoch=epoch,
                epochs=self.num_epochs,
                train_loss=float(latest["train_losses"]),
                validation_loss=float(latest["val_losses"]),
                pseudo_dice=tuple(float(d) for d in latest["dice_per_class_or_region"]),
                learning_rate=float(latest["lrs"]),
                seconds=float(latest["epoch_end_timestamps"] - latest["epoch_start_timestamps"]),
                lam=self.lam if self._uncertainty_loss is not None else 0.0,
                mean_uncertainty=mean,
                mean_weight=weight,
            )
        )

    def get_dataloaders(self) -> Any:
        """Return nnU-Net's data loaders; repeatable ones load in this process."""
        if not self.settings.deterministic:
            return super().get_dataloaders()
        with environment_variable(DATA_PROCESSES, "0"):
            return super().get_dataloaders()

    def end_loading(self) -> None:
        """End the processes that load patches, as nnU-Net does after its last epoch: left alone, they complain of each other."""
        for loader in (self.dataloader_train, self.dataloader_val):
            if isinstance(loader, NonDetMultiThreadedAugmenter):
                loader._finish()

    def save_checkpoint(self, filename: str) -> None:
        """Write a checkpoint that is whole or not there; the one before is kept."""
        if self.local_rank == 0 and not self.disable_checkpointing:
            write_checkpoint(Path(filename), lambda path: nnUNetTrainer.save_checkpoint(self, str(path)))

    def load_checkpoint(self, filename_or_checkpoint: dict[str, Any] | str) -> None:
        """Load a checkpoint; a damaged one is replaced by the one before it, and one that holds code is refused."""
        if isinstance(filename_or_checkpoint, str):
            whole = whole_checkpoint(Path(filename_or_checkpoint), read_checkpoint)
            if whole != Path(filename_or_checkpoint):
                self.print_to_log_file(f"{filename_or_checkpoint} is damaged: going on from {whole.name}")
            filename_or_checkpoint = str(whole)
        super().load_checkpoint(filename_or_checkpoint)

    def on_train_end(self) -> None:
        """Write the final checkpoint and remove the intermediate ones."""
        super().on_train_end()
        if self.local_rank == 0:
            remove_checkpoint(Path(self.output_folder, "checkpoint_latest.pth"))

    def _seed_everything(self, stage: int) -> None:
        seed = int(np.random.SeedSequence([self.settings.seed, self.local_rank, stage]).generate_state(1)[0])
        random.seed(seed)
        np.random.seed(seed)  # noqa: NPY002 (the generator that nnU-Net draws from)
        torch.manual_seed(seed)
        torch.use_deterministic_algorithms(True, warn_only=True)


def _shrunk(uncertainty: Tensor, like: Tensor) -> Tensor:
    """Average U to the grid of a deep-supervision scale."""
    pool = F.adaptive_avg_pool3d if like.ndim == 5 else F.adaptive_avg_pool2d
    return pool(uncertainty, tuple(like.shape[2:]))  # type: ignore[arg-type]


def _as_list(outputs: Tensor | list[Tensor] | tuple[Tensor, ...]) -> list[Tensor]:
    return [outputs] if isinstance(outputs, Tensor) else list(outputs)
