"""Ways to draw plausible segmentations: their names, what they do in a sentence, and what they cost."""

from __future__ import annotations

from enum import StrEnum


class Method(StrEnum):
    """A method of uncertainty, by the name that a request or the command line uses.

    Attributes
    ----------
    full_name : str
        Name for people.
    explanation : str
        What a sample is, in one sentence.
    passes_per_sample : int
        Forward passes of the network for each of the samples that are asked for.
    """

    full_name: str
    explanation: str
    passes_per_sample: int

    def __new__(cls, name: str, full_name: str, explanation: str, passes_per_sample: int = 1) -> Method:
        """Make a string that knows more about itself."""
        method = str.__new__(cls, name)
        method._value_ = name
        method.full_name, method.explanation, method.passes_per_sample = full_name, explanation, passes_per_sample
        return method

    TTA = (
        "tta",
        "Monte-Carlo test-time augmentation",
        "Each sample is the network's prediction for a randomly rotated, scaled and flipped copy of the CT, transformed back.",
    )
    DETERMINISTIC = (
        "deterministic",
        "Single prediction",
        "The network's one prediction: its entropy is the only uncertainty, and volumes get no spread.",
    )
    SLEX = (
        "slex",
        "Slice expansion",
        "The samples are each slice's own prediction and those expanded from its neighbors: few, but from a single pass.",
    )
    SLEX_TTA = (
        "slex-tta",
        "Slice expansion under test-time augmentation",
        "All of slice expansion's predictions for each of many randomly transformed copies of the CT, and how much of the "
        "uncertainty is due to the expansion and how much to the transforms.",
        3,
    )
    DROPOUT = (
        "dropout",
        "Monte-Carlo dropout",
        "Each sample is the prediction of the network without a random share of its feature maps, as in its training.",
    )
    MCBN = (
        "mcbn",
        "Monte-Carlo batch normalization",
        "Each sample is the network's prediction when normalized by the statistics of another random batch of its training.",
    )
    ENSEMBLE = (
        "ensemble",
        "Deep ensemble",
        "Each sample is the prediction of another network, trained independently: as many samples as there are networks.",
    )
