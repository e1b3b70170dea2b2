"""``hemorrhage evaluate``: predictions against references, as tables, figures and a report."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import ArgumentError, Interrupted
from .options import Out, ProgressMode, ShowProgress
from .progress_display import progress_display
from .stopping import StopSignal, stop_requested

if TYPE_CHECKING:
    from hemorrhage_training.evaluation.cohort import Cohort

#: Columns of the overview that fit a terminal; the report has all.
_SHOWN = ("class", "cases with it", "Dice", "HD95, mm", "lesion sensitivity")


def evaluate(
    predictions: Annotated[
        Path,
        typer.Argument(metavar="PREDICTIONS", help="Folder of results of `hemorrhage segment`, or of label maps; one per case."),
    ],
    references: Annotated[
        Path,
        typer.Argument(metavar="REFERENCES", help="Folder of label maps of the same names (CASE.nii.gz, CASE_raterN.nii.gz)."),
    ],
    output: Out,
    raters: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Further raters' label maps (CASE_raterN.nii.gz), to compare samples with."),
    ] = None,
    cts: Annotated[
        Path | None,
        typer.Option("--cts", metavar="FOLDER", help="CTs (CASE.nii.gz, CASE_0000.nii.gz), for figures inside the head."),
    ] = None,
    compare: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Finished evaluation of another method, to compare with case by case.")
    ] = None,
    binary: Annotated[bool, typer.Option("--binary", help="Take all hemorrhage as one class.")] = False,
    smallest_lesion: Annotated[
        float, typer.Option(min=0.0, metavar="ML", help="Lesions below this volume are neither missed nor false.")
    ] = 0.0,
    partial: Annotated[bool, typer.Option("--partial", help="Leave out references that have no prediction.")] = False,
    jobs: Annotated[int, typer.Option(min=1, help="Processes; each holds one case in memory.")] = 1,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an evaluation in OUT.")] = False,
    progress: ShowProgress = ProgressMode.AUTO,
) -> None:
    """Compare predictions with references: overlap, distances, lesions, volumes, and what the uncertainty is worth.

    After an interruption the same command goes on. Nothing is resampled: prediction and reference must lie on the same grid.

    Examples
    --------
    - `hemorrhage evaluate results Dataset001_BHSD/labelsTs -o evaluation --cts Dataset001_BHSD/imagesTs --jobs 4`
    - `hemorrhage evaluate labels references -o new --compare old`
    """
    if importlib.util.find_spec("hemorrhage_training") is None or importlib.util.find_spec("sklearn") is None:
        raise ArgumentError(
            "this command needs the training package: install it with  pip install 'hemorrhage-uncertainty[train]'"
        )
    try:
        with progress_display(progress) as report:
            from hemorrhage_training.evaluation.evaluate import Inputs, evaluate

            cohort = evaluate(
                Inputs(
                    predictions=predictions.expanduser().absolute(),
                    references=references.expanduser().absolute(),
                    raters=None if raters is None else raters.expanduser().absolute(),
                    cts=None if cts is None else cts.expanduser().absolute(),
                    binary=binary,
                    smallest_lesion_ml=smallest_lesion,
                    partial=partial,
                ),
                output.expanduser().absolute(),
                compare=None if compare is None else compare.expanduser().absolute(),
                jobs=jobs,
                overwrite=overwrite,
                progress=report,
                should_stop=stop_requested,
            )
    except (StopSignal, KeyboardInterrupt) as signal:
        raise Interrupted("interrupted; finished cases are kept, the same command goes on from there") from signal
    _show(cohort, output, progress)


def _show(cohort: Cohort, output: Path, progress: ProgressMode) -> None:
    if progress is ProgressMode.JSON:
        print(json.dumps({"event": "result", "output": str(output), "cases": len(cohort.cases)}), flush=True)
        return
    from rich.console import Console
    from rich.table import Table

    from hemorrhage_training.evaluation.segmentation_tables import segmentation_overview

    overview = segmentation_overview(cohort)
    columns = [overview.columns.index(name) for name in _SHOWN]
    shown = Table(title=f"{len(cohort.cases)} {'case' if len(cohort.cases) == 1 else 'cases'}")
    for name in _SHOWN:
        shown.add_column(name, justify="left" if name == "class" else "right")
    for row in overview.rows:
        shown.add_row(*("–" if row[column] is None else str(row[column]) for column in columns))
    console = Console(soft_wrap=True, highlight=False)
    console.print(shown)
    console.print(f"Report: {output / 'report.html'}", markup=False)
