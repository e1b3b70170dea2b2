"""Whether calibrated intervals hold what they promise on fresh cases, and are narrower than a rule of thumb.

Three intervals are compared on the same cases: the calibrated one, the samples' own, and the best interval of constant relative
width, [a v, b v] for a predicted volume v, which is what one would write down without looking at samples at all. Its a and b are
chosen on the calibration's cases, as the shortest window of the ratios true / predicted that holds as many of these cases as a
conformal interval must; where nothing was found it says 0 mL.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hemorrhage.measures.calibrated_interval import IntervalCalibration
from hemorrhage.models.calibration import Calibration, SizeStratum

from ..evaluation.agreement import IntervalQuality, interval_quality
from .conformal import VolumeErrors


@dataclass(frozen=True)
class RelativeInterval:
    """The interval [`lowest` v, `highest` v] of a predicted volume v."""

    lowest: float
    highest: float

    @classmethod
    def best(cls, errors: VolumeErrors, level: float) -> RelativeInterval:
        """Return the shortest one that holds ceil((n + 1) level) of n cases; [0, infinite] if none does."""
        found = errors.predicted_ml > 0
        ratios = np.sort(errors.reference_ml[found] / errors.predicted_ml[found])
        held_anyway = int(np.count_nonzero(errors.reference_ml[~found] == 0))
        needed = math.ceil(round((found.size + 1) * level, 9)) - held_anyway
        if needed > ratios.size:
            return cls(0.0, math.inf)
        if needed < 1:
            return cls(1.0, 1.0)
        widths = ratios[needed - 1 :] - ratios[: ratios.size - needed + 1]
        first = int(widths.argmin())
        return cls(float(ratios[first]), float(ratios[first + needed - 1]))

    def ends(self, predicted_ml: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return low and high in mL for predicted volumes (n,)."""
        with np.errstate(invalid="ignore"):
            high = np.where(predicted_ml > 0, self.highest * predicted_ml, 0.0)
        return self.lowest * predicted_ml, high


@dataclass(frozen=True)
class StratumCoverage:
    """The calibrated intervals of one class in one stratum of predicted volume.

    Attributes
    ----------
    stratum : SizeStratum
        Its limits, and how many cases it was calibrated with.
    cases : int
        Test cases.
    calibrated : IntervalQuality
    """

    stratum: SizeStratum
    cases: int
    calibrated: IntervalQuality


@dataclass(frozen=True)
class ClassCoverage:
    """One class (or the ``total``) in a study; the three are judged on the cases in which the calibrated interval is stated.

    Attributes
    ----------
    name : str
    cases, withheld : int
        Test cases, and those without a calibrated interval.
    found : int
        Test cases with a calibrated interval in which the model found something.
    calibrated, samples, relative : IntervalQuality
    relative_interval : RelativeInterval
    strata : tuple of StratumCoverage
        From small to large.
    """

    name: str
    cases: int
    withheld: int
    found: int
    calibrated: IntervalQuality
    samples: IntervalQuality
    relative: IntervalQuality
    relative_interval: RelativeInterval
    strata: tuple[StratumCoverage, ...]

    @property
    def is_narrower(self) -> bool | None:
        """Whether the calibrated interval is narrower on average than the relative one; None without cases."""
        if self.calibrated.width_ml is None or self.relative.width_ml is None:
            return None
        return self.calibrated.width_ml < self.relative.width_ml


def study_coverage(
    calibration: Calibration, calibrated_with: Mapping[str, VolumeErrors], test: Mapping[str, VolumeErrors]
) -> list[ClassCoverage]:
    """Judge a calibration on cases that it has not seen.

    Parameters
    ----------
    calibration : Calibration
    calibrated_with : mapping of class name to VolumeErrors
        The cases that led to it; the relative interval is fitted on them too.
    test : mapping of class name to VolumeErrors
    """
    return [_judge(name, calibration, calibrated_with[name], errors) for name, errors in test.items()]


def _judge(name: str, calibration: Calibration, known: VolumeErrors, test: VolumeErrors) -> ClassCoverage:
    rule = IntervalCalibration(calibration)
    rows = zip(test.predicted_ml, test.low_ml, test.high_ml, strict=True)
    stated = [rule.state(name, float(volume), float(low), float(high)) for volume, low, high in rows]
    kept = np.array([each.low_ml is not None for each in stated], dtype=bool)
    true = test.reference_ml[kept].tolist()
    relative = RelativeInterval.best(known, calibration.level)
    low, high = relative.ends(test.predicted_ml[kept])

    def calibrated(inside: NDArray[np.bool_]) -> IntervalQuality:
        chosen = [stated[index] for index in np.flatnonzero(inside)]
        return interval_quality([c.low_ml for c in chosen], [c.high_ml for c in chosen], test.reference_ml[inside].tolist())

    strata = []
    for stratum in calibration.volumes[name].strata:
        inside = np.array([stratum.holds(float(volume)) for volume in test.predicted_ml], dtype=bool)
        strata.append(StratumCoverage(stratum, int(inside.sum()), calibrated(inside)))
    return ClassCoverage(
        name=name,
        cases=kept.size,
        withheld=int((~kept).sum()),
        found=int((test.predicted_ml[kept] > 0).sum()),
        calibrated=calibrated(kept),
        samples=interval_quality(test.low_ml[kept].tolist(), test.high_ml[kept].tolist(), true),
        relative=interval_quality(low.tolist(), high.tolist(), true),
        relative_interval=relative,
        strata=tuple(strata),
    )
