"""What calibration adds to ``model.json``: a temperature, and the corrections of the volume intervals."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from .model_card import ModelCard

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
#: Fields of a card that say something about the model, or that a run's own record holds, but do not change what it predicts.
_DESCRIPTIVE = frozenset(
    {
        *("schema_version", "name", "title", "modality", "preprocessing", "training", "evaluation", "intended_use", "license"),
        *("calibration", "methods", "default_preset"),
    }
)
Count = Annotated[int, Field(ge=0)]


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SizeStratum(_Record):
    """Cases in which the model found about as much.

    Attributes
    ----------
    above_ml, up_to_ml : float or None
        Predicted volumes in (`above_ml`, `up_to_ml`]; None = without limit. The stratum of cases in which nothing was found
        ends at 0.
    cases : int
        Cases of this size that were calibrated with.
    low_correction, high_correction : float or None
        How far each end of the samples' interval is moved outward, on the scale of cube roots (mL^(1/3)); None = too few cases.
    """

    above_ml: float | None
    up_to_ml: float | None
    cases: Count
    low_correction: Finite | None
    high_correction: Finite | None

    def holds(self, volume_ml: float) -> bool:
        """Whether a predicted volume in mL belongs here."""
        above = self.above_ml is None or volume_ml > self.above_ml
        return above and (self.up_to_ml is None or volume_ml <= self.up_to_ml)


class VolumeCalibration(_Record):
    """One class, or the total.

    Attributes
    ----------
    largest_ml : float
        Largest predicted volume that was calibrated with.
    strata : list of SizeStratum
        From small to large, without gaps.
    """

    largest_ml: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    strata: Annotated[list[SizeStratum], Field(min_length=1)]

    def stratum(self, volume_ml: float) -> SizeStratum | None:
        """Return the stratum of a predicted volume; None if the card has none for it."""
        return next((each for each in self.strata if each.holds(volume_ml)), None)


class TemperatureCalibration(_Record):
    """Temperature of the mean probabilities: ``softmax(log p / temperature)`` over the classes.

    Attributes
    ----------
    temperature : float
        Above 1 = the probabilities were too sure of themselves.
    voxels : int
        Voxels inside the skull that it was fitted on.
    nll_before, nll_after : float
        Mean negative log-likelihood (natural) of the reference class in these voxels.
    """

    temperature: Positive
    voxels: Count
    nll_before: Finite
    nll_after: Finite


class SamplingProcedure(_Record):
    """How the samples were drawn that the intervals begin with.

    Attributes
    ----------
    method : str
    samples, transforms : int
    presets : list of str
        Presets of random transforms that the cases got; empty if nothing is transformed.
    """

    method: str
    samples: Annotated[int, Field(ge=1)]
    transforms: Count
    presets: list[str]


class CalibrationData(_Record):
    """What was calibrated with.

    Attributes
    ----------
    description : str
        In words, for people.
    cases, with_hemorrhage : int
        All cases, and those whose reference has any hemorrhage.
    left_out : list of str
        Names of cases that could not be used.
    """

    description: str
    cases: Count
    with_hemorrhage: Count
    left_out: list[str] = []


class Calibration(_Record):
    """Entry ``calibration`` of ``model.json``.

    Attributes
    ----------
    method : str
        ``cqr-cube-root``: conformalized quantiles of the samples' volumes on the scale of cube roots, stratified by predicted
        volume (see `hemorrhage.measures.calibrated_interval`).
    level : float
        Probability with which an interval should hold the true volume.
    model_sha256 : str
        The weights that were calibrated (`ModelCard.sha256`, into which ``model.json`` itself does not enter).
    settings_sha256 : str
        What the card said about how they are used (`settings_sha256`).
    sampling : SamplingProcedure
    data : CalibrationData
    volumes : mapping of class name, and ``total``, to VolumeCalibration
    temperature : TemperatureCalibration
    created, program : str
        Date, and version of the program.
    """

    method: Literal["cqr-cube-root"] = "cqr-cube-root"
    level: Annotated[float, Field(gt=0, lt=1)]
    model_sha256: Sha256
    settings_sha256: Sha256
    sampling: SamplingProcedure
    data: CalibrationData
    volumes: dict[str, VolumeCalibration]
    temperature: TemperatureCalibration
    created: str
    program: str


def settings_sha256(card: ModelCard) -> str:
    """Return a hash of everything in a card that changes predictions: windows, region and the like.

    Fields at their defaults do not enter, so that the hash outlives a version of the program that adds one.
    """
    settings = card.model_dump(mode="json", exclude=set(_DESCRIPTIVE), exclude_defaults=True)
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()
