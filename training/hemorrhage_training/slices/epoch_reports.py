"""Tells of every epoch, and stops the training loop when asked."""

from __future__ import annotations

import time
from typing import Any

import lightning
from lightning.pytorch.callbacks import Callback

from hemorrhage.errors import Interrupted
from hemorrhage.progress import Progress, ProgressCallback, Stage, StopCallback

from ..epoch_log import EpochLog
from .epoch_record import SliceEpoch
from .slice_training import SliceTraining


class EpochReports(Callback):
    """Writes the log and reports progress in the first process.

    Parameters
    ----------
    log : EpochLog
    progress : callable
    what : str
        What is being trained, before each message.
    """

    def __init__(self, log: EpochLog[SliceEpoch], progress: ProgressCallback, what: str) -> None:
        self._log, self._progress, self._what = log, progress, what

    def on_train_start(self, trainer: lightning.Trainer, _: lightning.LightningModule) -> None:
        """Tell where the training begins."""
        if trainer.is_global_zero:
            self._progress(Progress(Stage.TRAINING, trainer.current_epoch, trainer.max_epochs or 0, self._what))

    def on_train_epoch_start(self, trainer: lightning.Trainer, _: lightning.LightningModule) -> None:
        """Note rate and time before the epoch changes them."""
        self._rate, self._begun = float(trainer.optimizers[0].param_groups[0]["lr"]), time.monotonic()

    def on_train_epoch_end(self, trainer: lightning.Trainer, module: lightning.LightningModule) -> None:
        """Tell what the epoch gave."""
        if not trainer.is_global_zero:
            return
        assert isinstance(module, SliceTraining)
        assert module.scores is not None
        record = SliceEpoch(
            epoch=trainer.current_epoch,
            epochs=trainer.max_epochs or 0,
            train_loss=float(trainer.callback_metrics["train/loss"]),
            nll=module.scores.nll,
            mean_dice=module.scores.mean_dice,
            dice=module.scores.dice,
            learning_rate=self._rate,
            seconds=time.monotonic() - self._begun,
        )
        self._log.add(record)
        self._progress(Progress(Stage.TRAINING, record.epoch + 1, record.epochs, f"{self._what}, {record.in_words()}"))


class StopWhenAsked(Callback):
    """Ends the training loop when `should_stop` says so: between two steps, or with several processes between two epochs.

    Raises
    ------
    Interrupted
        From within the loop.
    """

    def __init__(self, should_stop: StopCallback) -> None:
        self._should_stop = should_stop

    def on_train_batch_end(self, trainer: lightning.Trainer, *_: Any) -> None:
        """Ask after each step."""
        if trainer.world_size == 1:
            self._stop_if(self._should_stop())

    def on_train_epoch_start(self, trainer: lightning.Trainer, _: lightning.LightningModule) -> None:
        """Ask before each epoch, when the one before has its checkpoint; one process that is asked stops all."""
        self._stop_if(trainer.strategy.reduce_boolean_decision(self._should_stop(), all=False))

    def _stop_if(self, asked: bool) -> None:
        if asked:
            raise Interrupted("stopped as asked; the same command goes on from the last finished epoch")
