"""Intervals for a volume that were calibrated on cases with known volumes.

The samples' interval [l, h] (5 % and 95 % quantiles of the samples' volumes, widened to hold the volume of the label map) says
how much the volume changes under the method's randomness, not how far it is from the truth. Split-conformal calibration of
quantiles (CQR: Romano, Patterson and Candes, NeurIPS 2019, section 4) keeps what is useful in it, its width, and moves each end.
With g the cube root, a case with true volume y has the scores

    g(l) - g(y) below, g(y) - g(h) above,

which are negative where the interval holds y with room to spare. With q and r the ceil((n + 1) (1 + level) / 2)-th smallest of n
scores below and above, the interval

    [g^-1(g(l) - q), g^-1(g(h) + r)], cut at 0 mL,

lies above the volume of a new case, and below it, with a probability of at most (1 - level) / 2 each, if the new case and the n
are exchangeable: that is all that is assumed, whatever the model and its samples are worth. One number for both ends would cost
a model that finds too much an upper end as far off as the lower. Where nothing was found the interval begins at 0 and cannot lie
above the volume: the whole of 1 - level is left for the upper end there. One pair is kept per class and per stratum of predicted
volume, so that the promise is kept among large hematomas too and not only on average (Mondrian conformal prediction: Vovk,
Gammerman and Shafer 2005, section 4.5).

Why cube roots. Errors grow with the hematoma: on the scale of mL one number would be ruled by the largest. Where the outline of
a compact body of volume V is wrong by a distance, V is wrong in proportion to V^(2/3), and the cube root by the same amount
whatever the size. Logarithms would make errors relative, too wide for large hematomas, and have no place for the empty ones.
Why no division by the samples' spread (normalized scores: Lei et al., JASA 2018; CQR-r: Sesia and Candes, Stat 2020): samples
often agree to the voxel, and a spread near 0 in the denominator would rule the quantile.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..interval_kind import IntervalKind

if TYPE_CHECKING:
    from ..models.calibration import Calibration, SamplingProcedure
    from ..models.model_card import ModelCard


@dataclass(frozen=True)
class StatedInterval:
    """An interval, or why there is none.

    Attributes
    ----------
    low_ml, high_ml : float or None
        None if withheld.
    kind : IntervalKind
    note : str
        Why it is withheld; empty otherwise.
    """

    low_ml: float | None
    high_ml: float | None
    kind: IntervalKind
    note: str = ""


def conformity_scores(
    low_ml: ArrayLike, high_ml: ArrayLike, reference_ml: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return how far the true volumes lie below and above the samples' intervals, in mL^(1/3); negative where they do not."""
    low, high, true = (np.cbrt(np.asarray(each, dtype=np.float64)) for each in (low_ml, high_ml, reference_ml))
    return low - true, true - high


def corrected_interval(
    low_ml: float, high_ml: float, volume_ml: float, low_correction: float, high_correction: float
) -> tuple[float, float]:
    """Move the ends outward by their corrections in mL^(1/3), cut at 0, and widen the interval to hold `volume_ml`.

    Widening can only raise the coverage. It matters where samples' intervals are too wide as a rule, so that a correction is
    negative and can move an end past the volume, or both past each other: then the interval is the volume alone.
    """
    low = max(0.0, float(np.cbrt(low_ml)) - low_correction) ** 3
    high = max(0.0, float(np.cbrt(high_ml)) + high_correction) ** 3
    return (min(low, volume_ml), max(high, volume_ml)) if low <= high else (volume_ml, volume_ml)


@dataclass(frozen=True)
class IntervalCalibration:
    """A model's calibration, as far as it applies to one run.

    Attributes
    ----------
    calibration : Calibration
    withheld : str
        Why it does not apply to the run at all; empty if it does.
    """

    calibration: Calibration
    withheld: str = ""

    @classmethod
    def of(cls, card: ModelCard, run: SamplingProcedure) -> IntervalCalibration | None:
        """Return what a model's card says about a run; None if the model is not calibrated."""
        if card.calibration is None:
            return None
        return cls(card.calibration, _difference(card, card.calibration, run))

    def state(self, name: str, volume_ml: float, low_ml: float, high_ml: float) -> StatedInterval:
        """Return the interval of one class.

        Parameters
        ----------
        name : str
            Class name, or ``total``.
        volume_ml : float
            Volume of the label map.
        low_ml, high_ml : float
            The samples' interval.
        """
        reason = self.withheld or self._reason(name, volume_ml)
        if reason:
            return StatedInterval(None, None, IntervalKind.WITHHELD, reason)
        stratum = self.calibration.volumes[name].stratum(volume_ml)
        assert stratum is not None
        assert stratum.low_correction is not None
        assert stratum.high_correction is not None
        low, high = corrected_interval(low_ml, high_ml, volume_ml, stratum.low_correction, stratum.high_correction)
        return StatedInterval(low, high, IntervalKind.CALIBRATED)

    def record(self) -> dict[str, object]:
        """Return what a result says about the calibration, JSON-able."""
        return {
            "level": self.calibration.level,
            "data": self.calibration.data.description,
            "cases": self.calibration.data.cases,
            "created": self.calibration.created,
            "temperature": self.calibration.temperature.temperature,
            "applies": not self.withheld,
        }

    def _reason(self, name: str, volume_ml: float) -> str:
        """Return why a volume gets no interval; empty if it gets one."""
        known = self.calibration.volumes.get(name)
        stratum = None if known is None else known.stratum(volume_ml)
        if known is None or stratum is None:
            return "the model was not calibrated for it"
        if volume_ml > known.largest_ml:
            return f"it is larger than the largest that the model was calibrated with ({known.largest_ml:.1f} mL)"
        if stratum.low_correction is None or stratum.high_correction is None:
            return f"the model was calibrated with only {stratum.cases} cases of this size"
        return ""


def _difference(card: ModelCard, calibration: Calibration, run: SamplingProcedure) -> str:
    """Return in what a run differs from the calibration's, in words; empty if in nothing that matters."""
    from ..models.calibration import settings_sha256

    known = calibration.sampling
    if calibration.model_sha256 != card.sha256:
        return "the calibration in the model's card was made with other weights (calibrate the model again)"
    if calibration.settings_sha256 != settings_sha256(card):
        return "the settings in the model's card were changed after it was calibrated (calibrate the model again)"
    if run.method != known.method:
        return f"the model was calibrated with the method {known.method}, not {run.method}"
    if run.samples != known.samples:
        return f"the model was calibrated with {known.samples} samples, not {run.samples}"
    if run.transforms != known.transforms:
        return f"the model was calibrated with {known.transforms} transforms per sample, not {run.transforms}"
    unknown = [each for each in run.presets if each not in known.presets]
    if unknown:
        return f"the model was not calibrated with the preset {unknown[0]}, which this CT got"
    return ""
