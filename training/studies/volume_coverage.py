"""Coverage and width of calibrated volume intervals on fresh simulated cases.

    python training/studies/volume_coverage.py MODEL -o OUT --calibration 400 --test 400

The model itself is not changed. OUT keeps the measured cases, so that a stopped study goes on and more cases can be added; it
receives calibration.json, coverage.csv and coverage.md.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from hemorrhage.errors import HemorrhageError
from hemorrhage.models import load_model
from hemorrhage.models.model import Model
from hemorrhage.progress import Progress
from hemorrhage_training.calibration.calibrate import LEVEL, check_classes, fit_calibration, measured_cases, volume_errors
from hemorrhage_training.calibration.calibration_cases import CaseSource, simulated_cases
from hemorrhage_training.calibration.case_record import CaseRecord, Sampling
from hemorrhage_training.calibration.conformal import FEWEST_CASES
from hemorrhage_training.calibration.coverage_study import ClassCoverage, study_coverage

#: No other part of the project simulates with seeds from here on.
FIRST_CALIBRATION_SEED, FIRST_TEST_SEED = 4_000_000, 5_000_000
COLUMNS = (
    "class",
    "test cases",
    "interval withheld",
    "stated and found",
    "calibrated: coverage",
    "95 % interval",
    "mean width, mL",
    "samples: coverage",
    "mean width, mL",
    "constant relative: coverage",
    "mean width, mL",
    "from, to (share of the prediction)",
)


def main(
    model: Annotated[str, typer.Argument(help="Name or folder of a model.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the study.")],
    calibration: Annotated[int, typer.Option(min=1, help="Cases to calibrate with.")] = 400,
    test: Annotated[int, typer.Option(min=1, help="Cases to test on.")] = 400,
    samples: Annotated[int, typer.Option(min=1)] = 20,
    transforms: Annotated[int, typer.Option(min=0)] = 5,
    level: Annotated[float, typer.Option(help="Probability with which an interval should hold the true volume.")] = LEVEL,
    shape: Annotated[tuple[int, int, int], typer.Option(help="Slices, rows, columns of the simulated CTs.")] = (32, 256, 256),
    fewest_cases: Annotated[int, typer.Option(help="A size with fewer cases gets no interval.")] = FEWEST_CASES,
    device: str = "auto",
) -> None:
    """Calibrate on fresh simulated cases, test on others, and compare with simpler intervals."""
    opened = load_model(model)
    sampling = Sampling(samples=samples, transforms=transforms, device=device)
    source = simulated_cases(calibration, FIRST_CALIBRATION_SEED, shape)
    known = measure(opened, source, sampling, output / "calibration_cases")
    fresh = measure(opened, simulated_cases(test, FIRST_TEST_SEED, shape), sampling, output / "test_cases")
    found = fit_calibration(opened, source, sampling, known, [], level, fewest_cases)
    (output / "calibration.json").write_text(found.model_dump_json(indent=2) + "\n", encoding="utf-8")
    rows = [row_of(each) for each in study_coverage(found, volume_errors(known), volume_errors(fresh))]
    with (output / "coverage.csv").open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([COLUMNS, *rows])
    lines = ["| " + " | ".join(COLUMNS) + " |", "|" + "---|" * len(COLUMNS), *("| " + " | ".join(row) + " |" for row in rows)]
    head = (
        f"Model {opened.name} ({opened.sha256[:16]}), {samples} samples, {transforms} transforms; {len(known)} cases to "
        f"calibrate with, {len(fresh)} to test on, {' x '.join(map(str, shape))} voxels; level {100 * level:g} %. "
        "All three intervals are judged on the cases in which the calibrated one is stated."
    )
    (output / "coverage.md").write_text("\n".join([head, "", *lines]) + "\n", encoding="utf-8")
    typer.echo("\n".join([head, "", *lines]))


def measure(model: Model, source: CaseSource, sampling: Sampling, folder: Path) -> Sequence[CaseRecord]:
    """Return the records of all cases; those that are there already are not measured again."""
    check_classes(model, source)
    left_out: list[str] = []
    records = list(measured_cases(model, source, sampling, folder, left_out, say, None))
    if left_out:
        raise typer.BadParameter(f"simulated cases were refused as input: {', '.join(left_out)}")
    return records


def say(progress: Progress) -> None:
    """Print one line per case."""
    print(f"{progress.done} of {progress.total} {progress.message}", file=sys.stderr, flush=True)


def row_of(coverage: ClassCoverage) -> list[str]:
    """Return the cells of one class."""
    calibrated, samples, relative = coverage.calibrated, coverage.samples, coverage.relative
    window = coverage.relative_interval
    return [
        coverage.name,
        str(coverage.cases),
        str(coverage.withheld),
        str(coverage.found),
        percent(calibrated.coverage),
        f"{percent(calibrated.coverage_low)} to {percent(calibrated.coverage_high)}",
        ml(calibrated.width_ml),
        percent(samples.coverage),
        ml(samples.width_ml),
        percent(relative.coverage),
        ml(relative.width_ml),
        f"{window.lowest:.2f}, {window.highest:.2f}",
    ]


def percent(share: float | None) -> str:
    """Return a share as text."""
    return "-" if share is None else f"{100 * share:.1f} %"


def ml(volume: float | None) -> str:
    """Return a volume as text."""
    return "-" if volume is None else f"{volume:.2f}"


if __name__ == "__main__":
    try:
        typer.run(main)
    except HemorrhageError as error:
        sys.exit(str(error))
