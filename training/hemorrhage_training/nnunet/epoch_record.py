"""What one epoch of training gave, for people, for programs and for curves."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path


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
        return (
            f"epoch {self.epoch + 1} of {self.epochs}: loss {self.train_loss:.4f}, validation {self.validation_loss:.4f}, "
            f"pseudo-Dice {self.mean_dice:.3f}{weight}"
        )


class EpochLog:
    """Epochs as JSON lines in a file; an epoch that is trained again after an interruption replaces what was there."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def add(self, record: EpochRecord) -> None:
        """Add an epoch."""
        kept = [r for r in self.read() if r.epoch < record.epoch]
        lines = [json.dumps(_without_nan(asdict(r))) for r in (*kept, record)]
        partial = self.path.with_suffix(".partial")
        partial.write_text("\n".join(lines) + "\n", encoding="utf-8")
        partial.replace(self.path)

    def read(self) -> list[EpochRecord]:
        """Return the epochs so far."""
        if not self.path.exists():
            return []
        return [_record(json.loads(line)) for line in self.path.read_text(encoding="utf-8").splitlines()]


def _without_nan(content: dict[str, object]) -> dict[str, object]:
    def clean(value: object) -> object:
        if isinstance(value, tuple | list):
            return [clean(v) for v in value]
        return None if isinstance(value, float) and math.isnan(value) else value

    return {key: clean(value) for key, value in content.items()}


def _record(content: dict[str, object]) -> EpochRecord:
    dice = tuple(math.nan if d is None else float(d) for d in content.pop("pseudo_dice"))  # type: ignore[attr-defined]
    rest = {key: math.nan if value is None else value for key, value in content.items()}
    return EpochRecord(pseudo_dice=dice, **rest)  # type: ignore[arg-type]
