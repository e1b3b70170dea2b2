"""Split-conformal calibration of the volume intervals, by class and by size."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hemorrhage.errors import ArgumentError
from hemorrhage.measures.calibrated_interval import conformity_scores
from hemorrhage.models.calibration import SizeStratum, VolumeCalibration

#: Limits of the strata of predicted volume in mL: nothing found, small, medium, large. 30 mL is the customary threshold for IPH
#: (Broderick et al., Stroke 1993). They are fixed, not quantiles of the cases at hand: the guarantee needs strata that do not
#: depend on them.
STRATUM_LIMITS_ML = (0.0, 5.0, 30.0)
#: Fewer cases give no interval. The guarantee needs 19 (at 90 %), and it is one over calibrations too: with n cases the share of
#: new ones below the very upper end at hand follows Beta(k, n + 1 - k), whose standard deviation is 0.05 with 20 cases.
FEWEST_CASES = 20


@dataclass(frozen=True)
class VolumeErrors:
    """What a method said about one class in n cases, and the truth; arrays (n,) in mL.

    Attributes
    ----------
    predicted_ml : NDArray
        Volumes of the label maps.
    low_ml, high_ml : NDArray
        The samples' intervals.
    reference_ml : NDArray
        True volumes.
    """

    predicted_ml: NDArray[np.float64]
    low_ml: NDArray[np.float64]
    high_ml: NDArray[np.float64]
    reference_ml: NDArray[np.float64]


def conformal_quantile(scores: ArrayLike, level: float) -> float:
    """Return the ceil((n + 1) level)-th smallest of n scores; infinite where n is too small for that.

    A new score that is exchangeable with these lies at or below it with a probability of at least `level`, and of less than
    ``level + 1 / (n + 1)`` if no two are equal (Lei et al., JASA 2018, theorem 2.1).

    Raises
    ------
    ArgumentError
        The level is not between 0 and 1.
    """
    if not 0 < level < 1:
        raise ArgumentError(f"the level of an interval must lie between 0 and 1, not be {level:g}")
    ordered = np.sort(np.asarray(scores, dtype=np.float64).ravel())
    # 0.9 has no exact binary form: without rounding, ceil(70 x 0.9) would be 64.
    rank = math.ceil(round((ordered.size + 1) * level, 9))
    return float(ordered[rank - 1]) if rank <= ordered.size else math.inf


def calibrate_volume(errors: VolumeErrors, level: float, fewest_cases: int = FEWEST_CASES) -> VolumeCalibration:
    """Return the corrections of one class's intervals in each stratum of predicted volume.

    Raises
    ------
    ArgumentError
        There are no cases, or the level is not between 0 and 1.
    """
    if not errors.predicted_ml.size:
        raise ArgumentError("there is no case to calibrate with")
    below, over = conformity_scores(errors.low_ml, errors.high_ml, errors.reference_ml)
    ends = [None, *STRATUM_LIMITS_ML, None]
    strata = []
    for above, up_to in itertools.pairwise(ends):
        inside = np.full(below.shape, True)
        if above is not None:
            inside &= errors.predicted_ml > above
        if up_to is not None:
            inside &= errors.predicted_ml <= up_to
        cases = int(inside.sum())
        # Half of 1 - level for each side; where nothing was found, the interval begins at 0 and only the upper end can fail.
        of_each = (1 + level) / 2
        low = conformal_quantile(below[inside], of_each)
        high = conformal_quantile(over[inside], level if up_to == 0 else of_each)
        usable = cases >= fewest_cases and math.isfinite(low) and math.isfinite(high)
        corrections = (low, high) if usable else (None, None)
        strata.append(
            SizeStratum(
                above_ml=above, up_to_ml=up_to, cases=cases, low_correction=corrections[0], high_correction=corrections[1]
            )
        )
    return VolumeCalibration(largest_ml=float(errors.predicted_ml.max()), strata=strata)


def calibrate_volumes(
    errors: Mapping[str, VolumeErrors], level: float, fewest_cases: int = FEWEST_CASES
) -> dict[str, VolumeCalibration]:
    """Return `calibrate_volume` of each class and of the ``total``."""
    return {name: calibrate_volume(each, level, fewest_cases) for name, each in errors.items()}
