"""Intervals by resampling cases."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

#: Resamples of an interval; the 2.5 % quantile then rests on 50 of them.
RESAMPLES = 2000
_SEED = 0
#: Numbers drawn at once, so that 2000 resamples of many cases need no more memory than those of few.
_AT_ONCE = 1 << 20


@dataclass(frozen=True)
class Estimate:
    """A value with its 95 % percentile interval over cases; the interval is None for fewer than two cases."""

    value: float
    low: float | None
    high: float | None


def mean_with_interval(values: ArrayLike) -> Estimate | None:
    """Return the mean over cases of (n,) values; None without a case."""
    array = np.asarray(values, dtype=np.float64)
    return ratio_with_interval(array, np.ones_like(array))


def ratio_with_interval(numerators: ArrayLike, denominators: ArrayLike) -> Estimate | None:
    """Return ``sum(numerators) / sum(denominators)`` over cases, e.g. found lesions / lesions; None where the latter is 0.

    Cases are resampled as a whole, since lesions of one patient are not independent. A resample without any denominator says
    nothing and is left out.
    """
    top, bottom = np.asarray(numerators, dtype=np.float64), np.asarray(denominators, dtype=np.float64)
    if bottom.sum() == 0:
        return None
    value = float(top.sum() / bottom.sum())
    if top.size < 2:
        return Estimate(value, None, None)
    ratios = _resampled_ratios(top, bottom)
    low, high = np.quantile(ratios, (0.025, 0.975))
    return Estimate(value, float(low), float(high))


def _resampled_ratios(top: NDArray[np.float64], bottom: NDArray[np.float64]) -> NDArray[np.float64]:
    rng = np.random.default_rng(_SEED)
    rows = max(1, _AT_ONCE // top.size)
    ratios = []
    for start in range(0, RESAMPLES, rows):
        chosen = rng.integers(top.size, size=(min(rows, RESAMPLES - start), top.size))
        sums = bottom[chosen].sum(axis=1)
        ratios.append(top[chosen].sum(axis=1)[sums > 0] / sums[sums > 0])
    return np.concatenate(ratios)


def mean_of_classes(values: NDArray[np.float64]) -> Estimate | None:
    """Return the mean over classes of the mean over cases, with its interval over cases.

    Parameters
    ----------
    values : (n, K) float64
        NaN where undefined. A class that is undefined in all cases (of a resample) is left out (of it).
    """
    defined = np.isfinite(values)
    if not defined.any():
        return None
    value = float(_mean_of_means(values, defined)[()])
    if len(values) < 2:
        return Estimate(value, None, None)
    rng = np.random.default_rng(_SEED)
    rows = max(1, _AT_ONCE // values.size)
    means = []
    for start in range(0, RESAMPLES, rows):
        chosen = rng.integers(len(values), size=(min(rows, RESAMPLES - start), len(values)))
        means.append(_mean_of_means(values[chosen], defined[chosen]))
    low, high = np.nanquantile(np.concatenate(means), (0.025, 0.975))
    return Estimate(value, float(low), float(high))


def _mean_of_means(values: NDArray[np.float64], defined: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the mean over K of the means over n of (..., n, K) values; NaN where nothing is defined."""
    counts = defined.sum(axis=-2)
    sums = np.where(defined, values, 0).sum(axis=-2)
    means = np.divide(sums, counts, out=np.zeros_like(sums), where=counts > 0)
    classes = (counts > 0).sum(axis=-1)
    total = means.sum(axis=-1)
    return np.asarray(np.divide(total, classes, out=np.full_like(total, np.nan), where=classes > 0))
