"""Predicted against reference volume: bias, limits of agreement, R2, and the stated interval's coverage and width."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

#: Normal quantile of the customary 95 % limits of agreement (Bland and Altman, Lancet 1986).
_LIMIT = 1.96


@dataclass(frozen=True)
class VolumeAgreement:
    """Differences predicted - reference over n cases; None where n is too small or the reference does not vary.

    Attributes
    ----------
    cases : int
    bias_ml, absolute_error_ml : float or None
        Mean difference, mean absolute difference.
    low_limit_ml, high_limit_ml : float or None
        Limits of agreement: bias -/+ 1.96 standard deviations (n - 1) of the differences; needs two cases.
    r2 : float or None
        ``1 - sum (predicted - reference)^2 / sum (reference - mean)^2``: 1 = on the identity line; may be negative.
    r2_of_line : float or None
        R2 of the regression line of the reference on the prediction (squared correlation), blind to bias and scale.
    """

    cases: int
    bias_ml: float | None
    absolute_error_ml: float | None
    low_limit_ml: float | None
    high_limit_ml: float | None
    r2: float | None
    r2_of_line: float | None


def volume_agreement(predicted_ml: ArrayLike, reference_ml: ArrayLike) -> VolumeAgreement:
    """Compare volumes in mL, two arrays of shape (n,)."""
    predicted, reference = np.asarray(predicted_ml, dtype=np.float64), np.asarray(reference_ml, dtype=np.float64)
    n = predicted.size
    if n == 0:
        return VolumeAgreement(0, None, None, None, None, None, None)
    difference = predicted - reference
    bias = float(difference.mean())
    reach = _LIMIT * float(difference.std(ddof=1)) if n > 1 else None
    spread = float(((reference - reference.mean()) ** 2).sum())
    own_spread = float(((predicted - predicted.mean()) ** 2).sum())
    shared = float(((predicted - predicted.mean()) * (reference - reference.mean())).sum())
    return VolumeAgreement(
        cases=n,
        bias_ml=bias,
        absolute_error_ml=float(np.abs(difference).mean()),
        low_limit_ml=None if reach is None else bias - reach,
        high_limit_ml=None if reach is None else bias + reach,
        r2=1 - float((difference**2).sum()) / spread if spread > 0 else None,
        r2_of_line=shared**2 / (spread * own_spread) if spread > 0 and own_spread > 0 else None,
    )


@dataclass(frozen=True)
class IntervalQuality:
    """Intervals for the volume against the reference.

    Attributes
    ----------
    intervals, withheld : int
        Cases with an interval, and cases in which the method stated none.
    coverage : float or None
        Share of the intervals that hold the reference volume.
    coverage_low, coverage_high : float or None
        95 % Wilson interval of `coverage`.
    width_ml, relative_width : float or None
        Mean width, and median of width / reference volume over the cases that have a reference volume.
    """

    intervals: int
    withheld: int
    coverage: float | None
    coverage_low: float | None
    coverage_high: float | None
    width_ml: float | None
    relative_width: float | None


def interval_quality(
    low_ml: Sequence[float | None], high_ml: Sequence[float | None], reference_ml: Sequence[float]
) -> IntervalQuality:
    """Judge n intervals; None = withheld. A reference volume on an end of its interval is covered (up to rounding in files)."""
    from scipy.stats import binomtest

    stated = [(low, high, true) for low, high, true in zip(low_ml, high_ml, reference_ml, strict=True) if None not in (low, high)]
    withheld = len(reference_ml) - len(stated)
    if not stated:
        return IntervalQuality(0, withheld, None, None, None, None, None)
    low, high, true = np.array(stated, dtype=np.float64).T
    # Volumes are stored with about six digits: an end that equals the reference must not miss it by rounding.
    slack = 1e-5 * np.maximum(true, 1e-3)
    covered = int(((low - slack <= true) & (true <= high + slack)).sum())
    wilson = binomtest(covered, len(stated)).proportion_ci(method="wilson")
    width = high - low
    return IntervalQuality(
        intervals=len(stated),
        withheld=withheld,
        coverage=covered / len(stated),
        coverage_low=float(wilson.low),
        coverage_high=float(wilson.high),
        width_ml=float(width.mean()),
        relative_width=float(np.median(width[true > 0] / true[true > 0])) if (true > 0).any() else None,
    )
