"""Measuring all cases of a calibration: one small file each, so that a stopped run goes on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hemorrhage.errors import (
    DicomSeriesError,
    GeometryError,
    Interrupted,
    NotACTError,
    NotAVolumeError,
    ResourceError,
    UnreadableInputError,
)
from hemorrhage.models.model import Model
from hemorrhage.progress import Progress, ProgressCallback, Stage, StopCallback

from ..case_processes import work_through
from .calibration_cases import CalibrationCase, CaseSource
from .case_record import CaseRecord, Sampling, fingerprint, measure_case

_STOPPED = "stopped; finished cases are kept, the same command goes on from there"
#: What may be wrong with one case, so that the rest goes on without it.
_UNUSABLE = (UnreadableInputError, NotAVolumeError, NotACTError, GeometryError, DicomSeriesError)


@dataclass(frozen=True)
class MeasuredCases:
    """What became of the cases.

    Attributes
    ----------
    records : list of CaseRecord
        Of the usable cases, in their order.
    left_out : list of str
        Names of the others.
    """

    records: list[CaseRecord]
    left_out: list[str]


def measure_cases(
    model: Model,
    source: CaseSource,
    sampling: Sampling,
    folder: Path,
    *,
    jobs: int = 1,
    report: ProgressCallback,
    should_stop: StopCallback | None = None,
) -> MeasuredCases:
    """Segment the cases that `folder` has no record of yet, and return the records of all.

    Parameters
    ----------
    model, source, sampling
    folder : Path
        Keeps the records; created if missing.
    jobs : int
        Processes; each holds the network and one case.
    report : callable
        Receives the number of finished cases after each, and why a case is left out.
    should_stop : callable, optional

    Raises
    ------
    ModelError, ResourceError
        The model cannot be used, or the folder cannot be written.
    Interrupted
        `should_stop` returned True; finished cases are kept.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return _measured(model, source, sampling, folder, jobs, report, should_stop)
    except OSError as error:
        raise ResourceError(
            f"{folder} cannot be written ({error.strerror or error}): free space or choose another folder"
        ) from error


def _measured(
    model: Model,
    source: CaseSource,
    sampling: Sampling,
    folder: Path,
    jobs: int,
    report: ProgressCallback,
    should_stop: StopCallback | None,
) -> MeasuredCases:
    total = len(source.cases)
    records: dict[int, CaseRecord] = {}
    report(Progress(Stage.CALIBRATING, 0, total))
    for number, case in enumerate(source.cases):
        record = CaseRecord.load(folder / f"{case.name}.json", fingerprint(case, model, sampling, number))
        if record is not None:
            records[number] = record
            report(Progress(Stage.CALIBRATING, len(records), total))
    missing = [number for number in range(total) if number not in records]
    left_out: list[str] = []
    # A stop within a case can be asked for in this process only.
    within = should_stop if jobs == 1 or len(missing) < 2 else None
    tasks = [(source.cases[number], model, sampling, number, folder, within) for number in missing]
    for index, outcome in work_through(_measure, tasks, jobs, should_stop):
        number, message = missing[index], ""
        if isinstance(outcome, CaseRecord):
            records[number] = outcome
        else:
            left_out.append(source.cases[number].name)
            message = f"{left_out[-1]} is left out: {outcome}"
        report(Progress(Stage.CALIBRATING, len(records) + len(left_out), total, message))
    return MeasuredCases([records[number] for number in sorted(records)], sorted(left_out))


def _measure(
    case: CalibrationCase, model: Model, sampling: Sampling, number: int, folder: Path, should_stop: StopCallback | None
) -> CaseRecord | str:
    """Measure a case and keep the record; return why not if the case is unusable."""
    try:
        record = measure_case(case, model, sampling, number, should_stop)
    except Interrupted as error:
        raise Interrupted(_STOPPED) from error
    except _UNUSABLE as error:
        return str(error)
    record.save(folder / f"{case.name}.json")
    return record
