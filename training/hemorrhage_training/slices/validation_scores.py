"""Dice of whole validation cases, counted case by case and merged over the processes that share them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from ..evaluation.overlap import Overlap
from .slice_store import IGNORED


@dataclass(frozen=True)
class ValidationScores:
    """Figures of one validation.

    Attributes
    ----------
    dice : tuple of float
        Per foreground class, the mean over the cases in which prediction or reference has it; NaN where no case has.
    mean_dice : float
        Over the classes that any case has; NaN if none has.
    nll : float
        Negative log-likelihood in nats per pixel, the mean over cases.
    """

    dice: tuple[float, ...]
    mean_dice: float
    nll: float


class CaseCounts:
    """Counts of the cases so far.

    Parameters
    ----------
    cases, classes : int
        How many validation cases there are, and classes with the background.
    device : torch.device
    """

    def __init__(self, cases: int, classes: int, device: torch.device) -> None:
        #: (cases, foreground classes, 3): pixels of the prediction, of the reference, of both; -1 = case not seen.
        self.overlaps = torch.full((cases, classes - 1, 3), -1, dtype=torch.int64, device=device)
        #: (cases,): nats per pixel; below 0 = case not seen.
        self.nll = torch.full((cases,), -1.0, dtype=torch.float64, device=device)

    def add(self, case: int, probabilities: torch.Tensor, labels: torch.Tensor) -> None:
        """Count a case: probabilities (D, C, H, W), labels (D, H, W)."""
        known = labels != IGNORED
        predicted = probabilities.argmax(1)
        for n in range(self.overlaps.shape[1]):
            here, there = (predicted == n + 1) & known, labels == n + 1
            self.overlaps[case, n] = torch.stack([here.sum(), there.sum(), (here & there).sum()])
        true = probabilities.gather(1, labels.where(known, 0)[:, None])[:, 0]
        self.nll[case] = -true.double().clamp(min=1e-7).log()[known].mean() if known.any() else 0.0

    def merge(self, gathered: Sequence[torch.Tensor]) -> None:
        """Take in what all processes counted: overlaps (P, ...) and nll (P, ...)."""
        self.overlaps, self.nll = gathered[0].amax(0), gathered[1].amax(0)

    def scores(self) -> ValidationScores:
        """Return the figures of the cases that were seen."""
        seen = (self.nll >= 0).cpu().numpy()
        counts = self.overlaps.cpu().numpy()[seen]
        dice = []
        for n in range(counts.shape[1]):
            each = [Overlap(*map(int, case[n])).dice for case in counts]
            found = [d for d in each if d is not None]
            dice.append(float(np.mean(found)) if found else float("nan"))
        defined = [d for d in dice if not np.isnan(d)]
        return ValidationScores(
            tuple(dice), float(np.mean(defined)) if defined else float("nan"), float(self.nll.cpu().numpy()[seen].mean())
        )
