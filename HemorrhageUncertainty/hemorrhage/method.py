"""Ways to draw plausible segmentations: their names, and what they do in a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Method(StrEnum):
    """A method of uncertainty, by the name that the command line and requests use."""

    TTA = "tta"
    DETERMINISTIC = "deterministic"
    SLEX = "slex"
    SLEX_TTA = "slex-tta"
    DROPOUT = "dropout"
    MCBN = "mcbn"
    ENSEMBLE = "ensemble"

    @property
    def full_name(self) -> str:
        """Name for people."""
        return _TEXTS[self].full_name

    @property
    def explanation(self) -> str:
        """What a sample is, in one sentence."""
        return _TEXTS[self].explanation


def stock_methods(checkpoints: int, has_dropout: bool = False) -> list[Method]:
    """Return what an nnU-Net model without a card can do, its default first.

    Parameters
    ----------
    checkpoints : int
        How many independently trained networks it has: nnU-Net's folds.
    has_dropout : bool
        Whether its architecture has dropout, which is known when it is opened.
    """
    methods = [Method.TTA, Method.DETERMINISTIC]
    if checkpoints > 1:
        methods.append(Method.ENSEMBLE)
    if has_dropout:
        methods.append(Method.DROPOUT)
    return methods


@dataclass(frozen=True)
class _Text:
    full_name: str
    explanation: str


_TEXTS = {
    Method.TTA: _Text(
        "Monte-Carlo test-time augmentation",
        "Each sample is the network's prediction for a randomly rotated, scaled and flipped copy of the CT, transformed back.",
    ),
    Method.DETERMINISTIC: _Text(
        "Single prediction",
        "The network's one prediction: its entropy is the only uncertainty, and volumes have no spread.",
    ),
    Method.SLEX: _Text(
        "Slice expansion",
        "The samples are each slice's own prediction and those expanded from its neighbors: few, but quick.",
    ),
    Method.SLEX_TTA: _Text(
        "Slice expansion with test-time augmentation",
        "All predictions of slice expansion for each of many randomly transformed copies; tells what the expansion and what the "
        "transforms contribute to the uncertainty.",
    ),
    Method.DROPOUT: _Text(
        "Monte-Carlo dropout",
        "Each sample is the network's prediction without a random share of its feature maps, as in its training.",
    ),
    Method.MCBN: _Text(
        "Monte-Carlo batch normalization",
        "Each sample is the network's prediction when normalized by another random batch of its training data.",
    ),
    Method.ENSEMBLE: _Text(
        "Deep ensemble",
        "Each sample is the prediction of another independently trained network: as many samples as there are networks.",
    ),
}
