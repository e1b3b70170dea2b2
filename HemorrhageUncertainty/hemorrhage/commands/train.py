"""``hemorrhage train``: training by a configuration file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from ..errors import ArgumentError, Interrupted
from .options import ProgressMode, ShowProgress
from .progress_display import progress_display
from .stopping import StopSignal, stop_requested


def train(
    config: Annotated[Path, typer.Argument(metavar="CONFIG.yaml", help="What to train, on what data, and where it goes.")],
    progress: ShowProgress = ProgressMode.AUTO,
) -> None:
    """Train a model; the same command goes on after an interruption.

    Examples
    --------
    - `hemorrhage train training/configs/uncertainty_aware_nnunet.yaml`
    - `hemorrhage train training/configs/slexnet.yaml`
    """
    try:
        import yaml  # noqa: F401

        import hemorrhage_training  # noqa: F401
    except ImportError as error:
        raise ArgumentError(f"training needs more ({error.name}): pip install 'hemorrhage-uncertainty[train]'") from error
    try:
        with progress_display(progress) as report:
            from hemorrhage_training.methods import run_training
            from hemorrhage_training.train_config import read_config

            result = run_training(read_config(config), progress=report, should_stop=stop_requested)
    except (StopSignal, KeyboardInterrupt) as signal:
        raise Interrupted("interrupted; the same command goes on from the latest checkpoint") from signal
    if not result.first_process:
        return
    if progress is ProgressMode.JSON:
        print(json.dumps({"event": "result", "model": str(result.model), "report": str(result.report)}), flush=True)
    else:
        typer.echo(f"model:  {result.model}\nreport: {result.report}")
        if result.next_step:
            typer.echo(f"next:   {result.next_step}")
