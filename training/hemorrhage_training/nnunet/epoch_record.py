"""What one epoch of training gave, for people, for programs and for curves."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class EpochRecord:
    """One finished epoch.

    Attributes
    ----------
    epoch, epochs : int
        Number of the epoch from 0, and how many there will be.
    train_loss, validation_loss : float
        nnU-Net's mean losses (the validation loss is unweighted).
    pseudo_dice : tuple of float
        nnU-Net's Dice over the epoch's validation patches, per foreground class; NaN where a class did not occur.
    learning_rate, seconds : float
    lam, mean_uncertainty, mean_weight : float
        lambda, mean of U over the epoch's patches (NaN if none was computed), mean of the voxel weights.
    """

    epoch: int
    epochs: int
    train_loss: float
    validation_loss: float
    pseudo_dice: tuple[float, ...]
    learning_rate: float
    seconds: float
    lam: float
    mean_uncertainty: float
    mean_weight: float

    @property
    def mean_dice(self) -> float:
        """Mean pseudo-Dice over the classes that occurred."""
        found = [d for d in self.pseudo_dice if not math.isnan(d)]
        return sum(found) / len(found) if found else math.nan

    def in_words(self) -> str:
        """Return one line for people."""
        weight = f", U {self.mean_uncertainty:.4f}, weight {self.mean_weight:.2f}" if self.lam else ""
        left = self.epochs - self.epoch - 1
        remaining = f", about {timedelta(seconds=round(left * self.seconds))} left" if left else ""
        return (
            f"epoch {self.epoch + 1} of {self.epochs}: loss {self.train_loss:.4f}, validation {self.validation_loss:.4f}, "
            f"pseudo-Dice {self.mean_dice:.3f}{weight}, {self.seconds:.0f} s{remaining}"
        )
