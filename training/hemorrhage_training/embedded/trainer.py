"""Train the embedded model within a budget of time; stop and continue at will."""

from __future__ import annotations

import csv
import math
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from hemorrhage.hemorrhage_class import SIX_CLASSES

from ..checkpoint_file import previous_of, whole_checkpoint, write_checkpoint
from .augmentation import augment
from .loss import SubtypeAndHemorrhageLoss
from .plans import PATCH_SIZE
from .sampling import BalancedWindows

_EMA_DECAY = 0.995
_FORGET = 0.99  # of the running overlap per step
_CHECKPOINT = "checkpoint.pt"
_PROCESSOR = torch.device("cpu")


class Trainer:
    """One training run in a folder: ``checkpoint.pt`` (whole or not there; the one before is kept) and ``log.csv``.

    Parameters
    ----------
    network : Module
        Deep-supervised segmentation network.
    pool : Path
        Folder of preprocessed cases; files may be added while training runs.
    run : Path
        Where checkpoint and log go; a run that exists is continued.
    learning_rate : float
        Peak of the schedule (linear warm-up, then cosine to zero over `minutes`).
    minutes : float
        Training time of the whole run, summed over continuations.
    coarse_share : float
        Share of that time, at its beginning, that is spent on windows of half the resolution.
    seed : int
        With the number of the step, and what was called before, it says which window is drawn and how it is augmented.
    device : torch.device
        Where the network learns.
    """

    def __init__(
        self,
        network: nn.Module,
        pool: Path,
        run: Path,
        *,
        minutes: float,
        learning_rate: float = 1e-3,
        coarse_share: float = 0.5,
        seed: int = 0,
        device: torch.device = _PROCESSOR,
    ) -> None:
        self.device = device
        network.to(device)
        self.network, self.run, self.budget, self.peak = network, run, minutes * 60, learning_rate
        self.coarse_share = coarse_share
        self.windows = BalancedWindows(pool, PATCH_SIZE[0])
        self.overlap = np.zeros((2, len(SIX_CLASSES)))  # running sums of 2 |A and B| and |A| + |B|
        self.average = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(_EMA_DECAY))
        self.optimizer = torch.optim.AdamW(network.parameters(), lr=learning_rate, weight_decay=1e-2)
        self.loss = SubtypeAndHemorrhageLoss(len(SIX_CLASSES))
        self.seed, self.step, self.elapsed = seed, 0, 0.0
        run.mkdir(parents=True, exist_ok=True)
        self._checkpoint = run / _CHECKPOINT
        if self._checkpoint.exists() or previous_of(self._checkpoint).exists():
            self._restore()

    def fit(self, save_every: int = 100, max_steps: int | None = None) -> None:
        """Train until the time budget, or `max_steps` steps of the whole run, are used up.

        Raises
        ------
        FileNotFoundError
            The pool holds no cases.
        """
        self.network.train()
        while self.elapsed < self.budget and (max_steps is None or self.step < max_steps):
            start = time.monotonic()
            image, labels = self._batch()
            for group in self.optimizer.param_groups:
                group["lr"] = self._learning_rate()
            outputs = self.network(image)
            loss = self.loss(outputs, labels)
            self._measure(outputs[0].detach(), labels)
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(self.network.parameters(), 12.0)
            self.optimizer.step()
            self.average.update_parameters(self.network)
            self.step += 1
            self.elapsed += time.monotonic() - start
            self._log(loss.item())
            if self.step % save_every == 0:
                self._save()
        self._save()

    def running_dice(self) -> list[float]:
        """Return the Dice of each subtype, then of any hemorrhage, over about the last hundred training windows."""
        return [float(x) for x in np.roll(self.overlap[0] / np.maximum(self.overlap[1], 1.0), -1)]

    def _learning_rate(self) -> float:
        share = min(1.0, self.elapsed / self.budget)
        return self.peak * min(1.0, (self.step + 1) / 50) * 0.5 * (1 + math.cos(math.pi * share))

    def _batch(self) -> tuple[Tensor, Tensor]:
        rng = np.random.default_rng([self.seed, self.step])
        coarse = self.elapsed < self.coarse_share * self.budget
        image, labels = augment(*self.windows.draw(rng, coarse, self.running_dice()[:-1]), rng)
        return image[None, None].contiguous().to(self.device), labels[None, None].contiguous().to(self.device)

    def _measure(self, logits: Tensor, labels: Tensor) -> None:
        called, true = logits.argmax(1), labels[:, 0]
        self.overlap *= _FORGET
        for c in range(len(SIX_CLASSES)):
            a, b = (called == c, true == c) if c else (called > 0, true > 0)
            self.overlap[:, c] += 2 * int((a & b).sum()), int(a.sum()) + int(b.sum())

    def _log(self, loss: float) -> None:
        row = [self.step, f"{self.elapsed:.1f}", f"{loss:.4f}", f"{self._learning_rate():.2e}"]
        with (self.run / "log.csv").open("a", newline="") as file:
            csv.writer(file).writerow(row + [f"{d:.3f}" for d in self.running_dice()])

    def _save(self) -> None:
        state = {
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "elapsed": self.elapsed,
            "overlap": torch.from_numpy(self.overlap),
        }
        write_checkpoint(self._checkpoint, lambda path: torch.save(state, path))

    def _restore(self) -> None:
        state = _read(whole_checkpoint(self._checkpoint, _read))
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step, self.elapsed, self.overlap = state["step"], state["elapsed"], state["overlap"].numpy()


def averaged_weights_of(run: Path) -> dict[str, Tensor]:
    """Read the exponential moving average of a run's weights, which is what is shipped, whatever the width of its network."""
    average = _read(whole_checkpoint(run / _CHECKPOINT, _read))["average"]
    return {name.removeprefix("module."): weight for name, weight in average.items() if name.startswith("module.")}


def _read(path: Path) -> dict[str, Any]:
    state: dict[str, Any] = torch.load(path, weights_only=True, map_location="cpu")
    return state
