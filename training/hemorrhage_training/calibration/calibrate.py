"""A calibration from beginning to end: cases measured one by one, corrections fitted, the model's card written."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from hemorrhage import __version__
from hemorrhage.errors import ArgumentError
from hemorrhage.models.calibrating import check_can_be_calibrated, store_calibration
from hemorrhage.models.calibration import Calibration, CalibrationData, SamplingProcedure, settings_sha256
from hemorrhage.models.model import Model
from hemorrhage.progress import Progress, ProgressCallback, Stage, StopCallback

from .calibration_cases import CaseSource
from .case_record import CaseRecord, Sampling
from .conformal import FEWEST_CASES, VolumeErrors, calibrate_volumes
from .measure_cases import measure_cases
from .temperature_fit import TemperatureSums

#: Probability with which an interval should hold the true volume.
LEVEL = 0.9


def calibrate_model(
    model: Model,
    source: CaseSource,
    sampling: Sampling,
    *,
    level: float = LEVEL,
    work: Path | None = None,
    fewest_cases: int = FEWEST_CASES,
    jobs: int = 1,
    progress: ProgressCallback | None = None,
    should_stop: StopCallback | None = None,
) -> Calibration:
    """Calibrate a model and write the result into its ``model.json``.

    A run that was stopped or killed goes on where it was when it is started again. A case that cannot be used is named and
    left out.

    Parameters
    ----------
    model : Model
    source : CaseSource
        Cases that the model was not trained on, drawn as those that it will be used on: nothing else is guaranteed anything.
    sampling : Sampling
    level : float
        In (0, 1).
    work : Path, optional
        Folder for the records of finished cases, which stays. By default one beside the model, removed at the end.
    fewest_cases : int
        A class and size with fewer cases gets no interval.
    jobs : int
        Processes that share the cases; each holds the network and one case.
    progress, should_stop : callbacks

    Raises
    ------
    ArgumentError
        Classes differ, an argument is out of range, or there are too few usable cases.
    ModelError, ResourceError
        The model cannot be used, or its card cannot be written.
    Interrupted
        `should_stop` returned True; finished cases are kept.
    """
    if not 0 < level < 1:
        raise ArgumentError(f"the level of an interval must lie between 0 and 1, not be {level:g}")
    if jobs < 1:
        raise ArgumentError(f"the number of jobs must be 1 or more, not {jobs}")
    check_can_be_calibrated(model.folder)
    check_classes(model, source)
    if len(source.cases) < fewest_cases:
        raise ArgumentError(f"{len(source.cases)} cases are too few for a calibration: give at least {fewest_cases}, better 400")
    report = progress or _silent
    folder = work or model.folder.with_name(f".{model.folder.name}.calibrating")
    measured = measure_cases(model, source, sampling, folder, jobs=jobs, report=report, should_stop=should_stop)
    records = measured.records
    if len(records) < fewest_cases:
        raise ArgumentError(f"only {len(records)} of {len(source.cases)} cases were usable: at least {fewest_cases} are needed")
    report(Progress(Stage.SUMMARIZING))
    calibration = fit_calibration(model, source, sampling, records, measured.left_out, level, fewest_cases)
    store_calibration(model.folder, calibration)
    if work is None:
        shutil.rmtree(folder, ignore_errors=True)
    return calibration


def check_classes(model: Model, source: CaseSource) -> None:
    """Raise `ArgumentError` unless labels mean the same to the model and to the cases."""
    if model.classes != source.classes:
        raise ArgumentError(
            f"the model has the classes {', '.join(model.classes)}, the cases {', '.join(source.classes)}: "
            "give cases that are labeled as the model labels"
        )


def fit_calibration(
    model: Model,
    source: CaseSource,
    sampling: Sampling,
    records: Sequence[CaseRecord],
    left_out: Sequence[str],
    level: float = LEVEL,
    fewest_cases: int = FEWEST_CASES,
) -> Calibration:
    """Return the calibration that measured cases lead to."""
    sums = TemperatureSums()
    for record in records:
        sums.merge(record.temperature_sums)
    return Calibration(
        level=level,
        model_sha256=model.sha256,
        settings_sha256=settings_sha256(model.card),
        sampling=SamplingProcedure(
            method=sampling.method or model.methods[0],
            samples=max(record.samples for record in records),
            transforms=sampling.transforms,
            presets=sorted({record.preset for record in records if record.preset is not None}),
        ),
        data=CalibrationData(
            description=source.description,
            cases=len(records),
            with_hemorrhage=sum(record.volumes["total"].reference_ml > 0 for record in records),
            left_out=list(left_out),
        ),
        volumes=calibrate_volumes(volume_errors(records), level, fewest_cases),
        temperature=sums.fit(),
        created=datetime.now(UTC).date().isoformat(),
        program=f"hemorrhage-uncertainty {__version__}",
    )


def volume_errors(records: Sequence[CaseRecord]) -> dict[str, VolumeErrors]:
    """Return the records' volumes by class."""

    def column(name: str, field: str) -> np.ndarray:
        return np.array([getattr(record.volumes[name], field) for record in records], dtype=np.float64)

    fields = ("predicted_ml", "low_ml", "high_ml", "reference_ml")
    return {name: VolumeErrors(*(column(name, field) for field in fields)) for name in records[0].volumes}


def _silent(progress: Progress) -> None:
    """Take no notice."""
