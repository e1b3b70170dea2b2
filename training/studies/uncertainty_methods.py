"""SLEX-Net and the uncertainty methods that it was compared with, on simulated cases (Li et al., Tables I to IV, Figs. 5 and 7).

    python training/studies/uncertainty_methods.py OUT --cases 200 --test 50 --seeds 3

Makes training and test cases, trains every network by one configuration with one key changed, lets each method predict the test
cases, and writes tables.md and reliability.png. OUT keeps everything, one file for each trained network with each method and
seed, so that a study that was stopped goes on, and seeds or variants can be added. As in the paper there is one class of
hemorrhage. The size of networks and training is an option, since the paper's is beyond a processor.
"""

from __future__ import annotations

import json
import sys
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from hemorrhage.errors import HemorrhageError
from hemorrhage.models import load_model
from hemorrhage.page_reuse import reuse_freed_memory
from hemorrhage.progress import Progress
from hemorrhage_training.slexnet.run_training import run_training
from hemorrhage_training.slexnet.study.arms import Arm, Variant, comparison, variant
from hemorrhage_training.slexnet.study.cases import make_cases
from hemorrhage_training.slexnet.study.cell import Cell, measure_cell, write_whole
from hemorrhage_training.slexnet.study.figures import reliability_figure
from hemorrhage_training.slexnet.study.tables import segmentation_table, uncertainty_table, weight_table
from hemorrhage_training.slexnet.study.unseen_cases import read_unseen_cases
from hemorrhage_training.slexnet.study.weight_sweep import dice_by_weight
from hemorrhage_training.slexnet.train_config import SlexTrainConfig


def main(
    output: Annotated[Path, typer.Argument(help="Folder of the study.")],
    cases: Annotated[int, typer.Option(min=2, help="Cases to train and validate with.")] = 200,
    test: Annotated[int, typer.Option(min=1, help="Cases to test on.")] = 50,
    seeds: Annotated[int, typer.Option(min=1, help="Trainings of each network.")] = 1,
    first_seed: Annotated[int, typer.Option(min=0, help="Seed of the first: machines can divide the seeds among them.")] = 0,
    epochs: Annotated[
        int, typer.Option(min=1, help="Of each of SLEX-Net's stages; the others get as many as both together.")
    ] = 20,
    slices: Annotated[int, typer.Option(min=1, help="Slices per epoch.")] = 1000,
    batch: Annotated[int, typer.Option(min=1)] = 4,
    channels: Annotated[str, typer.Option(help="Feature maps by level.")] = "16,32,64,128",
    image_size: Annotated[int, typer.Option(help="Rows and columns.")] = 112,
    rate: Annotated[float, typer.Option(help="Learning rate.")] = 1e-3,
    other: Annotated[float, typer.Option(help="Weight of pixels without hemorrhage; the paper's is 0.1.")] = 0.1,
    passes: Annotated[int, typer.Option(min=1, help="Of dropout and batch normalization.")] = 50,
    members: Annotated[int, typer.Option(min=2, help="Of the ensemble.")] = 3,
    variants: Annotated[str, typer.Option(help="Of SLEX-Net, beside itself: of F, B, 4, 6, 8, ++.")] = "F,B,++",
    shape: Annotated[tuple[int, int, int], typer.Option(help="Slices, rows, columns of the simulated CTs.")] = (32, 256, 256),
    pool: Annotated[Path | None, typer.Option(help="The embedded nnU-Net's pool: takes cases from it, simulates none.")] = None,
    accelerator: str = "auto",
) -> None:
    """Train, predict, score, and print the tables."""
    reuse_freed_memory()
    arms = comparison(passes, members) + [variant(Variant(each)) for each in variants.split(",") if each]
    data, fresh = make_cases(output, cases, test, shape, pool, say)
    base = {
        "data": data,
        "work": output / "work",
        "card": {"license": "Apache-2.0", "data": f"{cases} simulated head CTs"},
        "network": {"channels": [int(each) for each in channels.split(",")], "image_size": image_size},
        "loss": {"other": other},
        "sampling": {"batch": batch, "slices_per_epoch": slices},
        "training": {"epochs": epochs, "first_epochs": epochs, "rate": rate, "decay": 0.3, "decay_every": max(1, epochs // 2)},
        "mcbn": {"batches": max(2, passes)},
        "ensemble": {"members": members},
        "machine": {"accelerator": accelerator, "workers": 0, "processes": 1},
    }
    unseen = list(read_unseen_cases(fresh))
    device = "cpu" if accelerator == "cpu" else "auto"
    cells: dict[str, list[Cell]] = {arm.title: [] for arm in arms}
    sweeps = []
    for seed in range(first_seed, first_seed + seeds):  # one seed after the other: a study that was stopped has complete ones
        for arm in arms:
            path = output / "cells" / f"{arm.name(seed)}.json"
            if not path.is_file():
                model = load_model(trained(arm, base, seed))
                measure_cell(arm, model, unseen, seed, device, partial(said, arm)).save(path)
            cells[arm.title].append(Cell.model_validate_json(path.read_text(encoding="utf-8")))
        path = output / "cells" / f"weights-{seed}.json"
        if not path.is_file():
            slexnet = next(arm for arm in arms if arm.trained == "slexnet")
            write_whole(path, dice_by_weight(load_model(trained(slexnet, base, seed)), unseen, device))
        sweeps.append(json.loads(path.read_text(encoding="utf-8")))
    head = (
        f"{cases} simulated cases to train and validate, {test} to test; channels {channels}, {image_size} x {image_size} "
        f"pixels; SLEX-Net two stages of {epochs} epochs, the others one of {2 * epochs}, {slices} slices each; {seeds} "
        "seeds. Means over the test cases, then over seeds (± standard deviation over seeds)."
    )
    tables = (uncertainty_table(cells), segmentation_table(cells), weight_table(sweeps))
    text = "\n".join([head, "", *(table.markdown() for table in tables)])
    (output / "tables.md").write_text(text + "\n", encoding="utf-8")
    shown = {arm.title: cells[arm.title] for arm in comparison(passes, members)}
    reliability_figure(shown).savefig(output / "reliability.png")
    typer.echo(text)


def trained(arm: Arm, base: dict[str, Any], seed: int) -> Path:
    """Train the network of an arm if that is not done yet, and return its model folder."""
    config = dict(base)
    training = {"seed": 1000 * seed, "epochs": base["training"]["epochs"] * (1 if arm.is_slexnet else 2)}
    for key, value in {**arm.changes, "training": training}.items():
        config[key] = {**base.get(key, {}), **value} if isinstance(value, dict) else value
    return run_training(SlexTrainConfig.model_validate({**config, "name": f"{arm.trained}-{seed}"}), progress=say).model


def said(arm: Arm, case: str) -> None:
    """Print that a case is scored."""
    print(f"{arm.title}: {case}", file=sys.stderr, flush=True)


def say(progress: Progress) -> None:
    """Print one line per step."""
    print(f"{progress.stage} {progress.done} of {progress.total} {progress.message}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        typer.run(main)
    except HemorrhageError as error:
        sys.exit(str(error))
