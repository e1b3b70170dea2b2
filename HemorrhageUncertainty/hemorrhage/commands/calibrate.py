"""``hemorrhage calibrate``: what a model's intervals and probabilities are worth, found on cases with known volumes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import ArgumentError, ExitCode, Interrupted
from .method_option import Method
from .options import Device, Preset, ProgressMode, Samples, Seed, ShowProgress, Transforms
from .progress_display import progress_display
from .stopping import StopSignal, stop_requested

if TYPE_CHECKING:
    from ..models.calibration import Calibration, SizeStratum


def calibrate(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="Name from `hemorrhage models`, or a model folder.")],
    data: Annotated[
        str,
        typer.Argument(
            metavar="DATA",
            help="Data set in nnU-Net's raw format, or simulated:N[:FIRST_SEED]. The model must not have been trained on it.",
        ),
    ],
    test_set: Annotated[
        bool, typer.Option("--test-set", help="Use imagesTs and labelsTs of DATA, not imagesTr and labelsTr.")
    ] = False,
    level: Annotated[float, typer.Option(help="Probability with which an interval should hold the true volume.")] = 0.9,
    samples: Samples = 20,
    transforms: Transforms = 5,
    seed: Seed = 0,
    device: Device = "auto",
    method: Method = None,
    preset: Preset = None,
    work: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", help="Where to keep finished cases, also at the end; default: beside the model, until then."
        ),
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Processes; each holds the network and one case in memory.")] = 1,
    progress: ShowProgress = ProgressMode.AUTO,
) -> None:
    """Calibrate a model: intervals that hold the true volume in 90 % of like cases, and a temperature for its probabilities.

    The result goes into the model's card; `hemorrhage segment` then states calibrated intervals for runs with the same samples
    and transforms, and none where it cannot. After an interruption the same command goes on.

    Examples
    --------
    - `hemorrhage calibrate my-model Dataset001_BHSD --test-set`
    - `hemorrhage calibrate my-model simulated:400`
    """
    from importlib.util import find_spec

    if find_spec("hemorrhage_training") is None:
        raise ArgumentError("calibration needs the training package: pip install 'hemorrhage-uncertainty[train]'")
    try:
        with progress_display(progress) as report:
            from hemorrhage_training.calibration.calibrate import calibrate_model
            from hemorrhage_training.calibration.calibration_cases import open_cases
            from hemorrhage_training.calibration.case_record import Sampling

            from ..models import load_model
            from ..page_reuse import reuse_freed_memory

            reuse_freed_memory()
            opened = load_model(model)
            calibration = calibrate_model(
                opened,
                open_cases(data, test_set=test_set),
                Sampling(method, samples, transforms, preset, seed, device),
                level=level,
                work=None if work is None else work.expanduser().absolute(),
                jobs=jobs,
                progress=report,
                should_stop=stop_requested,
            )
    except (StopSignal, KeyboardInterrupt) as signal:
        raise Interrupted("interrupted; finished cases are kept, the same command goes on from there") from signal
    _show(calibration, opened.folder, progress)
    if calibration.data.left_out:
        raise typer.Exit(ExitCode.PARTLY_DONE)


def _show(calibration: Calibration, folder: Path, progress: ProgressMode) -> None:
    if progress is ProgressMode.JSON:
        line = {"event": "result", "model": str(folder), "calibration": calibration.model_dump(mode="json")}
        print(json.dumps(line), flush=True)
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"Low and high ends moved outward by, mL^(1/3) (cases), {100 * calibration.level:g} %")
    table.add_column("class")
    for stratum in next(iter(calibration.volumes.values())).strata:
        table.add_column(_size(stratum), justify="right")
    for name, volume in calibration.volumes.items():
        table.add_row(name, *(f"{_correction(each)} ({each.cases})" for each in volume.strata))
    console = Console(soft_wrap=True, highlight=False)
    console.print(table)
    heat = calibration.temperature
    console.print(
        f"Temperature {heat.temperature:.2f}: NLL per voxel in the head {heat.nll_before:.4f}, after it {heat.nll_after:.4f}"
    )
    for name in calibration.data.left_out:
        console.print(f"left out: {name}", markup=False)
    console.print(f"{calibration.data.cases} cases; written to {folder / 'model.json'}", markup=False)


def _correction(stratum: SizeStratum) -> str:
    if stratum.low_correction is None or stratum.high_correction is None:
        return "none"
    return f"{stratum.low_correction:+.2f}, {stratum.high_correction:+.2f}"


def _size(stratum: SizeStratum) -> str:
    if stratum.above_ml is None:
        return "none found"
    return f"above {stratum.above_ml:g} mL" if stratum.up_to_ml is None else f"{stratum.above_ml:g} to {stratum.up_to_ml:g} mL"
