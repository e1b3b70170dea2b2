"""What an interval for a volume claims."""

from __future__ import annotations

from enum import StrEnum


class IntervalKind(StrEnum):
    """Where the ends of an interval come from.

    Attributes
    ----------
    SAMPLES
        Quantiles of the samples' own volumes. How often such an interval holds the true volume is not known.
    CALIBRATED
        Corrected on cases with known volumes, so that it holds the true volume of a like case with the stated probability.
    WITHHELD
        The model is calibrated, but not for a case or a run like this one: there is no interval, and a reason.
    """

    SAMPLES = "samples"
    CALIBRATED = "calibrated"
    WITHHELD = "withheld"
