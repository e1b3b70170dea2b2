"""What calibration needs to know of one case, kept on disk so that no case is computed twice."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from hemorrhage import __version__
from hemorrhage.intracranial_mask import intracranial_mask
from hemorrhage.measures.volumes import sample_interval
from hemorrhage.models.calibration import settings_sha256
from hemorrhage.models.model import Model
from hemorrhage.progress import StopCallback
from hemorrhage.segment_ct import segment

from .calibration_cases import CalibrationCase
from .temperature_fit import INVERSE_TEMPERATURES, TemperatureSums


@dataclass(frozen=True)
class Sampling:
    """How samples are drawn.

    Attributes
    ----------
    method, preset : str or None
        As in `hemorrhage.segment`; None = the model's own choice.
    samples, transforms, seed : int
        Case k gets ``seed + k``: intervals should be right for any seed, so that cases must not share one.
    device : str
    """

    method: str | None = None
    samples: int = 20
    transforms: int = 5
    preset: str | None = None
    seed: int = 0
    device: str = "auto"


class VolumeRecord(BaseModel):
    """One class (or the ``total``) of one case, in mL; `low_ml` and `high_ml` are the samples' interval."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    predicted_ml: float
    low_ml: float
    high_ml: float
    reference_ml: float


class CaseRecord(BaseModel):
    """One case.

    Attributes
    ----------
    fingerprint : str
        Stands for everything that led to the record.
    name : str
    samples : int
        Samples that were drawn (fewer than asked for where nothing is random).
    preset : str or None
        Preset of random transforms that the CT got.
    volumes : mapping of class name, and ``total``, to VolumeRecord
    voxels, nll, slope, curvature
        See `TemperatureSums`; voxels inside the skull (all voxels if none is found).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    fingerprint: str
    name: str
    samples: int
    preset: str | None
    volumes: dict[str, VolumeRecord]
    voxels: int
    nll: list[float]
    slope: list[float]
    curvature: list[float]

    @property
    def temperature_sums(self) -> TemperatureSums:
        """The case's voxels, to be merged with those of others."""
        return TemperatureSums(self.voxels, np.array(self.nll), np.array(self.slope), np.array(self.curvature))

    def save(self, path: Path) -> None:
        """Write the record; the file appears complete or not at all."""
        partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
        try:
            partial.write_text(self.model_dump_json(), encoding="utf-8")
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)

    @classmethod
    def load(cls, path: Path, fingerprint: str) -> CaseRecord | None:
        """Read a record; None if it is missing, damaged, or of something else."""
        try:
            record = cls.model_validate_json(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, ValidationError):
            return None
        return record if record.fingerprint == fingerprint else None


def fingerprint(case: CalibrationCase, model: Model, sampling: Sampling, number: int) -> str:
    """Return a hash of case, weights, sampling and program; the device is left out, as a run may go on on another."""
    run = (model.sha256, settings_sha256(model.card), model.methods[0], model.card.default_preset)
    how = (sampling.method, sampling.samples, sampling.transforms, sampling.preset, sampling.seed + number)
    text = repr((__version__, case.name, case.state, run, how, INVERSE_TEMPERATURES.tolist()))
    return hashlib.sha256(text.encode()).hexdigest()


def measure_case(
    case: CalibrationCase, model: Model, sampling: Sampling, number: int, should_stop: StopCallback | None = None
) -> CaseRecord:
    """Segment a case and compare it with its reference.

    Raises
    ------
    HemorrhageError
        The case is not usable, the model is not, or `should_stop` returned True.
    """
    ct, reference = case.load()
    result = segment(
        ct,
        model=model,
        samples=sampling.samples,
        transforms=sampling.transforms,
        seed=sampling.seed + number,
        device=sampling.device,
        method=sampling.method,
        preset=sampling.preset,
        should_stop=should_stop,
    )
    voxels = np.bincount(reference.ravel(), minlength=len(result.classes))
    true_ml = {name: float(voxels[label]) * ct.voxel_volume_ml for label, name in enumerate(result.classes)}
    true_ml["total"] = float(voxels[1:].sum()) * ct.voxel_volume_ml
    volumes = {}
    for each in result.volumes:
        # Not the stated interval: that of a model that is calibrated already is another one, or withheld.
        low, high = sample_interval(np.array(each.samples_ml), each.volume_ml)
        volumes[each.name] = VolumeRecord(predicted_ml=each.volume_ml, low_ml=low, high_ml=high, reference_ml=true_ml[each.name])
    skull = intracranial_mask(ct)
    inside = np.full(ct.shape, True) if skull is None else skull
    sums = TemperatureSums()
    sums.add(result.probabilities[:, inside], reference[inside])
    return CaseRecord(
        fingerprint=fingerprint(case, model, sampling, number),
        name=case.name,
        samples=int(result.provenance["samples"]),
        preset=result.provenance["preset"],
        volumes=volumes,
        voxels=sums.voxels,
        nll=sums.nll.tolist(),
        slope=sums.slope.tolist(),
        curvature=sums.curvature.tolist(),
    )
