"""Coverage over many divisions of the same cases: what one division shows is a matter of luck by some points.

The promise of split-conformal intervals is one on average over calibrations and new cases. With n calibration cases the coverage
of one calibration scatters (see `hemorrhage_training.calibration.conformal.FEWEST_CASES`), and so do the test cases. Dividing all
cases at random again and again keeps to the same promise, since they are exchangeable, and shows mean and scatter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from hemorrhage.models.calibration import Calibration

from .conformal import FEWEST_CASES, VolumeErrors, calibrate_volumes
from .coverage_study import ClassCoverage, study_coverage


@dataclass(frozen=True)
class SplitCoverage:
    """One class over all divisions in which an interval was stated.

    Attributes
    ----------
    name : str
    coverage, deviation : float
        Mean of the calibrated intervals' coverage and its standard deviation over divisions.
    width_ml, relative_width_ml : float
        Mean widths of the calibrated interval and of the best one of constant relative width; the latter can be infinite.
    """

    name: str
    coverage: float
    deviation: float
    width_ml: float
    relative_width_ml: float


def coverage_over_splits(
    calibration: Calibration,
    errors: Mapping[str, VolumeErrors],
    calibration_cases: int,
    splits: int,
    seed: int = 0,
    fewest_cases: int = FEWEST_CASES,
) -> list[SplitCoverage]:
    """Divide cases at random, calibrate with one part and judge on the other, again and again.

    Parameters
    ----------
    calibration : Calibration
        Whose level and other facts are kept; its corrections are made anew.
    errors : mapping of class name to VolumeErrors
        All cases, in the same order for each class.
    calibration_cases : int
        How many of them calibrate in each division.
    splits : int
    seed : int
    fewest_cases : int
        A stratum with fewer gets no interval.

    Returns
    -------
    list of SplitCoverage
        Of the classes that have intervals in any division.
    """
    rng = np.random.default_rng(seed)
    count = next(iter(errors.values())).predicted_ml.size
    found: dict[str, list[ClassCoverage]] = {name: [] for name in errors}
    for _ in range(splits):
        order = rng.permutation(count)
        known, fresh = (
            {name: _some(each, chosen) for name, each in errors.items()}
            for chosen in (order[:calibration_cases], order[calibration_cases:])
        )
        volumes = calibrate_volumes(known, calibration.level, fewest_cases)
        for each in study_coverage(calibration.model_copy(update={"volumes": volumes}), known, fresh):
            if each.calibrated.coverage is not None:
                found[each.name].append(each)
    return [_summary(name, runs) for name, runs in found.items() if runs]


def _some(errors: VolumeErrors, chosen: NDArray[np.integer]) -> VolumeErrors:
    return VolumeErrors(**{f.name: getattr(errors, f.name)[chosen] for f in fields(errors)})


def _summary(name: str, runs: Sequence[ClassCoverage]) -> SplitCoverage:
    coverages = np.array([run.calibrated.coverage for run in runs], dtype=np.float64)
    widths = np.array([(run.calibrated.width_ml, run.relative.width_ml) for run in runs], dtype=np.float64).mean(0)
    return SplitCoverage(name, float(coverages.mean()), float(coverages.std()), float(widths[0]), float(widths[1]))
