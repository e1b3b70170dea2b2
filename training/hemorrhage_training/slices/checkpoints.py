"""The state of a run after its latest epoch, to go on from, and the weights of its best one."""

from __future__ import annotations

import json
import math
import pickle
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import lightning
import torch
from lightning.pytorch.callbacks import Checkpoint

from hemorrhage.errors import ModelError

from ..checkpoint_file import previous_of, remove_checkpoint, whole_checkpoint, write_checkpoint
from .slice_training import SliceTraining

Weights = Mapping[str, torch.Tensor]


@dataclass(frozen=True)
class BestEpoch:
    """What a finished run came to.

    Attributes
    ----------
    epochs : int
        How many were trained.
    epoch : int
        The best one, from 0.
    dice : float or None
        Its mean Dice on the validation cases; None if no class occurred.
    """

    epochs: int
    epoch: int
    dice: float | None


class RunFolder:
    """Files of one run: ``latest.ckpt`` until it is finished, ``best.pt``, ``finished.json``.

    Parameters
    ----------
    folder : Path
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.latest, self.best, self._finished = folder / "latest.ckpt", folder / "best.pt", folder / "finished.json"

    def finished(self) -> BestEpoch | None:
        """Return what the run came to, or None if it is not finished.

        Raises
        ------
        ModelError
            The file that says so is damaged.
        """
        if not self._finished.is_file():
            return None
        try:
            return BestEpoch(**json.loads(self._finished.read_text(encoding="utf-8")))
        except (ValueError, TypeError) as error:
            raise ModelError(f"{self._finished} is damaged: remove {self.folder} to train anew") from error

    def checkpoint(self) -> Path | None:
        """Return the checkpoint to go on from, or None if there is none yet.

        Raises
        ------
        ModelError
            It is damaged, and so is the one before.
        """
        if not self.latest.exists() and not previous_of(self.latest).exists():
            return None
        return whole_checkpoint(self.latest, read_torch_file)

    def best_weights(self) -> Weights:
        """Return the best epoch's weights; raises `ModelError` as `checkpoint`."""
        weights: Weights = read_torch_file(whole_checkpoint(self.best, read_torch_file))["weights"]
        return weights

    def finish(self, result: BestEpoch) -> None:
        """Note that the run is finished, and remove what only served to go on."""
        partial = self._finished.with_suffix(".partial")
        partial.write_text(json.dumps(asdict(result)), encoding="utf-8")
        partial.replace(self._finished)
        remove_checkpoint(self.latest)
        previous_of(self.best).unlink(missing_ok=True)


class Checkpoints(Checkpoint):
    """Writes checkpoints after each epoch, whole or not at all, in the first process.

    Parameters
    ----------
    run : RunFolder
    """

    def __init__(self, run: RunFolder) -> None:
        self._run = run
        self._best, self._best_epoch = -math.inf, -1

    def state_dict(self) -> dict[str, Any]:
        """Return what a run that goes on must know."""
        return {"best": self._best, "best_epoch": self._best_epoch}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up where an earlier run stopped."""
        self._best, self._best_epoch = state["best"], state["best_epoch"]

    def on_train_epoch_end(self, trainer: lightning.Trainer, module: lightning.LightningModule) -> None:
        """Keep the weights if they are the best so far, then the state."""
        assert isinstance(module, SliceTraining)
        assert module.scores is not None
        if self._best_epoch < 0 or module.scores.mean_dice > self._best:
            self._best_epoch = trainer.current_epoch
            self._best = -math.inf if math.isnan(module.scores.mean_dice) else module.scores.mean_dice
            if trainer.is_global_zero:
                weights = {key: tensor.detach().cpu() for key, tensor in module.network.state_dict().items()}
                write_checkpoint(self._run.best, lambda partial: torch.save({"weights": weights}, partial))
        if trainer.is_global_zero:
            write_checkpoint(self._run.latest, trainer.save_checkpoint)
        else:  # all processes take part in collecting the state; the first one writes it
            trainer.save_checkpoint(self._run.latest)

    def on_fit_end(self, trainer: lightning.Trainer, _: lightning.LightningModule) -> None:
        """Note that the run is finished; the others wait until it is noted."""
        if trainer.is_global_zero:
            dice = None if math.isinf(self._best) else self._best
            self._run.finish(BestEpoch(trainer.current_epoch, self._best_epoch, dice))
        trainer.strategy.barrier()


def read_torch_file(path: Path) -> dict[str, Any]:
    """Read a file of ``torch.save`` that holds tensors, numbers, texts and containers of them, and nothing that could run.

    Raises
    ------
    ModelError
        It is damaged, or holds other things.
    """
    try:
        content: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, ValueError, KeyError, pickle.UnpicklingError) as error:
        raise ModelError(f"{path} is damaged, or holds more than weights and numbers: start the training anew") from error
    return content
