"""What one epoch of training a 2D method gave."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SliceEpoch:
    """One finished epoch.

    Attributes
    ----------
    epoch, epochs : int
        Number of the epoch from 0, and how many there will be at most.
    train_loss : float
        Mean over the epoch's steps.
    nll : float
        Of the validation cases, nats per pixel.
    mean_dice : float
        Of the validation cases, over the foreground classes; NaN if none occurred.
    dice : tuple of float
        Per foreground class; NaN where it did not occur.
    learning_rate, seconds : float
    """

    epoch: int
    epochs: int
    train_loss: float
    nll: float
    mean_dice: float
    dice: tuple[float, ...]
    learning_rate: float
    seconds: float

    def in_words(self) -> str:
        """Return one line for people."""
        return (
            f"epoch {self.epoch + 1} of {self.epochs}: loss {self.train_loss:.4f}, validation NLL {self.nll:.4f}, "
            f"Dice {self.mean_dice:.3f}"
        )
