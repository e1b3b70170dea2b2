"""Coverage and width of calibrated volume intervals on fresh simulated cases.

    python training/studies/volume_coverage.py MODEL -o OUT --calibration 400 --test 400 --jobs 2

The model itself is not changed. OUT keeps what was measured, one small file a case, so that a stopped study goes on and more
cases can be added; it receives calibration.json, coverage.csv and coverage.md. With the same model, simulator and program the
figures are the same.

Two choices make it affordable, and neither touches the promise, which holds for any number of samples and any kind of CT as long
as calibration and test are of the same kind: 5 samples, not 20, and CTs of 24 slices of 160 x 160 pixels. They still hold a
whole head (slices of 5.3 to 7 mm, pixels of 1.25 to 1.6 mm), and the embedded network sees 5 x 1.5 x 1.5 mm in any case. What it
says of widths is said of such CTs and of 5 samples.

A class gets intervals in a stratum of predicted volume only if 20 calibration cases fell into it (below 19, a 90 % interval would
be infinite: see `hemorrhage_training.calibration.conformal`), and up to the largest volume among them. A handful of cases shows
that everything works, and has no interval at all.
"""

from __future__ import annotations

import csv
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from hemorrhage.errors import HemorrhageError
from hemorrhage.models import load_model
from hemorrhage.models.model import Model
from hemorrhage.page_reuse import reuse_freed_memory
from hemorrhage.progress import Progress
from hemorrhage_training.calibration.calibrate import LEVEL, check_classes, fit_calibration, volume_errors
from hemorrhage_training.calibration.calibration_cases import CaseSource, simulated_cases
from hemorrhage_training.calibration.case_record import CaseRecord, Sampling
from hemorrhage_training.calibration.conformal import FEWEST_CASES
from hemorrhage_training.calibration.coverage_over_splits import coverage_over_splits
from hemorrhage_training.calibration.coverage_study import study_coverage
from hemorrhage_training.calibration.coverage_tables import coverage_report, coverage_rows, splits_report
from hemorrhage_training.calibration.measure_cases import measure_cases

#: No other part of the project simulates with seeds from here on.
FIRST_CALIBRATION_SEED, FIRST_TEST_SEED = 4_000_000, 5_000_000


def main(
    model: Annotated[str, typer.Argument(help="Name or folder of a model.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the study.")],
    calibration: Annotated[int, typer.Option(min=1, help="Cases to calibrate with.")] = 400,
    test: Annotated[int, typer.Option(min=1, help="Cases to test on.")] = 400,
    samples: Annotated[int, typer.Option(min=1)] = 5,
    transforms: Annotated[int, typer.Option(min=0)] = 5,
    level: Annotated[float, typer.Option(help="Probability with which an interval should hold the true volume.")] = LEVEL,
    shape: Annotated[tuple[int, int, int], typer.Option(help="Slices, rows, columns of the simulated CTs.")] = (24, 160, 160),
    fewest_cases: Annotated[int, typer.Option(help="A size with fewer cases gets no interval.")] = FEWEST_CASES,
    splits: Annotated[int, typer.Option(min=1, help="Random divisions of all cases, beside the one by seeds.")] = 200,
    jobs: Annotated[int, typer.Option(min=1, help="Processes; each holds the network and one case in memory.")] = 1,
    device: str = "auto",
) -> None:
    """Calibrate on fresh simulated cases, test on others, and compare with simpler intervals."""
    reuse_freed_memory()
    opened = load_model(model)
    sampling = Sampling(samples=samples, transforms=transforms, device=device)
    source = simulated_cases(calibration, FIRST_CALIBRATION_SEED, shape)
    known = measure(opened, source, sampling, output / "calibration_cases", jobs)
    fresh = measure(opened, simulated_cases(test, FIRST_TEST_SEED, shape), sampling, output / "test_cases", jobs)
    found = fit_calibration(opened, source, sampling, known, [], level, fewest_cases)
    (output / "calibration.json").write_text(found.model_dump_json(indent=2) + "\n", encoding="utf-8")
    classes = study_coverage(found, volume_errors(known), volume_errors(fresh))
    everything = volume_errors([*known, *fresh])
    divided = coverage_over_splits(found, everything, len(known), splits, fewest_cases=fewest_cases)
    with (output / "coverage.csv").open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows(coverage_rows(classes))
    text = (
        f"Model {opened.name} ({opened.sha256[:16]}), {samples} samples, {transforms} transforms; {len(known)} cases to "
        f"calibrate with, {len(fresh)} to test on, {' x '.join(map(str, shape))} voxels; level {100 * level:g} %. "
        "All three intervals are judged on the cases in which the calibrated one is stated.\n\n"
        + coverage_report(classes, level, fewest_cases)
        + "\n\n"
        + splits_report(divided, splits)
    )
    (output / "coverage.md").write_text(text + "\n", encoding="utf-8")
    typer.echo(text)


def measure(model: Model, source: CaseSource, sampling: Sampling, folder: Path, jobs: int) -> list[CaseRecord]:
    """Return the records of all cases; those that are there already are not measured again."""
    check_classes(model, source)
    kept, start = len(list(folder.glob("*.json"))), processor_seconds()
    measured = measure_cases(model, source, sampling, folder, jobs=jobs, report=say)
    new = len(list(folder.glob("*.json"))) - kept
    if new:
        spent = (processor_seconds() - start) / new
        print(f"{new} cases, {spent:.1f} s of processor time each", file=sys.stderr, flush=True)
    if measured.left_out:
        raise typer.BadParameter(f"simulated cases were refused as input: {', '.join(measured.left_out)}")
    return measured.records


def processor_seconds() -> float:
    """Return the processor time of this process and of those that it started and that have ended."""
    return sum(os.times()[:4])


def say(progress: Progress) -> None:
    """Print one line per case."""
    print(f"{progress.done} of {progress.total} {progress.message}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        typer.run(main)
    except HemorrhageError as error:
        sys.exit(str(error))
