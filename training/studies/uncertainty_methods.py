"""SLEX-Net and the uncertainty methods that it was compared with, on simulated cases (Li et al., Tables I, II and III).

    python training/studies/uncertainty_methods.py OUT --cases 200 --test 50 --seeds 3
    python training/studies/uncertainty_methods.py OUT --cases 200 --test 50 --seeds 3 --ablation

Simulates training and test cases, trains every network by one configuration with one key changed, segments the test cases with
each method and evaluates. Prints the tables; OUT keeps everything, so that a study that was stopped goes on, and more seeds can
be added. The size of the networks is an option, since the paper's is beyond a processor.
"""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

import hemorrhage
from hemorrhage.errors import HemorrhageError
from hemorrhage.method import Method
from hemorrhage.models import load_model
from hemorrhage.progress import Progress, Stage
from hemorrhage.simulation.cohort import simulate_cohort
from hemorrhage_training.evaluation.agreement import volume_agreement
from hemorrhage_training.evaluation.case_scores import ANY, Region
from hemorrhage_training.evaluation.cohort import Cohort
from hemorrhage_training.evaluation.evaluate import Inputs, evaluate
from hemorrhage_training.evaluation.tables import UNDEFINED, Table, in_words
from hemorrhage_training.evaluation.volume_table import with_volume
from hemorrhage_training.slexnet.run_training import run_training
from hemorrhage_training.slexnet.train_config import SlexTrainConfig

TRAINING_SEED, TEST_SEED = 6_000_000, 7_000_000


@dataclass(frozen=True)
class Arm:
    """One row of the tables.

    Attributes
    ----------
    title : str
    trained : str
        Name of the training; arms of the same name share their network.
    method : Method
        How samples are drawn.
    samples : int
    changes : mapping
        What of the configuration differs.
    """

    title: str
    trained: str
    method: Method
    samples: int
    changes: dict[str, Any] = field(default_factory=dict)


def comparison(passes: int, members: int) -> list[Arm]:
    """Return the rows of Table II; SLEX-Net twice, since its label map may come from either of two predictions."""
    return [
        Arm("Backbone, its own entropy", "mcbn", Method.DETERMINISTIC, 1, {"method": "mcbn"}),
        Arm(f"MC dropout, {passes} passes", "dropout", Method.DROPOUT, passes, {"method": "dropout"}),
        Arm(f"MC batch normalization, {passes} passes", "mcbn", Method.MCBN, passes, {"method": "mcbn"}),
        Arm(f"Ensemble of {members}", "ensemble", Method.ENSEMBLE, members, {"method": "ensemble"}),
        Arm("SLEX-Net, mean of its 3 hypotheses", "slexnet", Method.SLEX, 3, {"method": "slexnet"}),
        Arm("SLEX-Net, aggregated (Eq. 7)", "slexnet", Method.DETERMINISTIC, 1, {"method": "slexnet"}),
    ]


def ablation() -> list[Arm]:
    """Return the rows of Tables I and IV, each by its aggregated prediction."""
    one_way = {"weighting": "plain"}
    networks = {
        "F": {"direction": "forward", **one_way},
        "B": {"direction": "backward", **one_way},
        "4": {"reach": 2},
        "6": {"reach": 3},
        "8": {"reach": 4},
    }
    arms = [
        Arm(f"SLEX-Net-{name}", f"slexnet-{name}", Method.DETERMINISTIC, 1, {"method": "slexnet", "network": network})
        for name, network in networks.items()
    ]
    supervised = {"method": "slexnet", "slexnet": {"supervise_neighbors": True}}
    return [*arms, Arm("SLEX-Net++", "slexnet-plus", Method.DETERMINISTIC, 1, supervised)]


def main(
    output: Annotated[Path, typer.Argument(help="Folder of the study.")],
    cases: Annotated[int, typer.Option(min=2, help="Cases to train and validate with.")] = 200,
    test: Annotated[int, typer.Option(min=1, help="Cases to test on.")] = 50,
    seeds: Annotated[int, typer.Option(min=1, help="Trainings of each network.")] = 1,
    epochs: Annotated[int, typer.Option(min=1, help="Of each stage, at most.")] = 40,
    slices: Annotated[int, typer.Option(min=1, help="Slices per epoch.")] = 1000,
    channels: Annotated[str, typer.Option(help="Feature maps by level.")] = "16,32,64,128",
    image_size: Annotated[int, typer.Option(help="Rows and columns.")] = 112,
    rate: Annotated[float, typer.Option(help="Learning rate.")] = 1e-3,
    passes: Annotated[int, typer.Option(min=1, help="Of dropout and batch normalization.")] = 50,
    members: Annotated[int, typer.Option(min=2, help="Of the ensemble.")] = 3,
    shape: Annotated[tuple[int, int, int], typer.Option(help="Slices, rows, columns of the simulated CTs.")] = (32, 256, 256),
    with_ablation: Annotated[bool, typer.Option("--ablation", help="The paper's variants of SLEX-Net too.")] = False,
    accelerator: str = "auto",
) -> None:
    """Train, segment, evaluate, and print the tables."""
    data, fresh = output / "Dataset900_Simulated", output / "Dataset901_Test"
    for folder, count, seed in ((data, cases, TRAINING_SEED), (fresh, test, TEST_SEED)):
        if not folder.is_dir():
            simulate_cohort(folder, count, seed, shape=shape, progress=say)
    base = {
        "data": data,
        "work": output / "work",
        "card": {"license": "Apache-2.0", "data": f"{cases} simulated head CTs"},
        "network": {"channels": [int(each) for each in channels.split(",")], "image_size": image_size},
        "sampling": {"batch": 8, "slices_per_epoch": slices},
        "training": {"epochs": epochs, "first_epochs": epochs, "rate": rate, "decay_every": max(1, epochs // 2)},
        "mcbn": {"batches": max(2, passes)},
        "ensemble": {"members": members},
        "machine": {"accelerator": accelerator, "workers": 0, "processes": 1},
    }
    arms = comparison(passes, members) + (ablation() if with_ablation else [])
    found = {arm.title: [one_row(arm, base, seed, fresh, output, accelerator) for seed in range(seeds)] for arm in arms}
    head = (
        f"{cases} simulated cases to train and validate, {test} to test, {' x '.join(map(str, shape))} voxels; channels "
        f"{channels}, {image_size} x {image_size} pixels; at most {epochs} epochs of {slices} slices per stage; {seeds} seeds. "
        "Means over the test cases, then over seeds (± standard deviation over seeds)."
    )
    text = "\n".join([head, "", *(table(*each, found).markdown() for each in TABLES)])
    (output / "tables.md").write_text(text + "\n", encoding="utf-8")
    typer.echo(text)


def one_row(arm: Arm, base: dict[str, Any], seed: int, fresh: Path, output: Path, accelerator: str) -> tuple[Cohort, float]:
    """Train if necessary, segment and evaluate; return the figures, and the seconds per case."""
    config = dict(base)
    for key, value in {**arm.changes, "training": {"seed": 1000 * seed}}.items():
        config[key] = {**base.get(key, {}), **value} if isinstance(value, dict) else value
    run = run_training(SlexTrainConfig.model_validate({**config, "name": f"{arm.trained}-{seed}"}), progress=say)
    name = f"{arm.trained}-{arm.method.value}-{seed}"
    predictions, times = output / "predictions" / name, output / "predictions" / f"{name}.json"
    seconds: dict[str, float] = json.loads(times.read_text()) if times.is_file() else {}
    model = load_model(run.model)
    device = "cpu" if accelerator == "cpu" else "auto"
    for path in sorted((fresh / "imagesTr").iterdir()):
        case = path.name.removesuffix("_0000.nii.gz")
        if case in seconds and (predictions / case).is_dir():
            continue
        ct = hemorrhage.read_ct(path)
        begun = time.perf_counter()
        result = hemorrhage.segment(ct, model=model, method=arm.method.value, samples=arm.samples, seed=seed, device=device)
        seconds[case] = time.perf_counter() - begun
        shutil.rmtree(predictions / case, ignore_errors=True)
        result.save(predictions / case)
        times.write_text(json.dumps(seconds))
        say(Progress(Stage.EVALUATING, len(seconds), message=f"{arm.title}, {case}"))
    cohort = evaluate(
        Inputs(predictions, fresh / "labelsTr", cts=fresh / "imagesTr"),
        output / "evaluation" / name,
        overwrite=True,
        progress=say,
    )
    return cohort, float(np.median(list(seconds.values())))


Figure = Callable[[Cohort, float], float | None]


def _dice(cohort: Cohort, _: float) -> float | None:
    return _mean([each.dice for each in cohort.classes[ANY]])


def _dice_of_classes(cohort: Cohort, _: float) -> float | None:
    return _mean([_mean([each.dice for each in cohort.classes[name]]) for name in cohort.subtypes])


def _inside(figure: str) -> Figure:
    def of(cohort: Cohort, _: float) -> float | None:
        return _mean([getattr(each, figure) for each in cohort.uncertainty if each.region is Region.HEAD])

    return of


def _distance(cohort: Cohort, _: float) -> float | None:
    return _mean([each.hd_mm for each in cohort.classes[ANY]])


def _volume_difference(cohort: Cohort, _: float) -> float | None:
    return _mean([None if each.rvd is None else 100 * abs(each.rvd) for each in cohort.classes[ANY]])


def _volume_r2(cohort: Cohort, _: float) -> float | None:
    used = with_volume(cohort.classes[ANY])
    return volume_agreement([each.predicted_ml for each in used], [each.reference_ml for each in used]).r2


TABLES: tuple[tuple[str, dict[str, Figure]], ...] = (
    (
        "Uncertainty (Table II), inside the head",
        {
            "Dice": _dice,
            "Dice, mean of subtypes": _dice_of_classes,
            "NLL": _inside("nll"),
            "Brier": _inside("brier"),
            "ECE": _inside("ece"),
            "seconds per case (median)": lambda _, seconds: seconds,
        },
    ),
    (
        "Segmentation (Tables I and III), any hemorrhage",
        {"Dice": _dice, "HD, mm": _distance, "|RVD|, %": _volume_difference, "volume R2": _volume_r2},
    ),
)


def table(title: str, figures: dict[str, Figure], found: dict[str, list[tuple[Cohort, float]]]) -> Table:
    """Return one of the tables."""
    rows = [(arm, *(_over_seeds([of(*each) for each in runs]) for of in figures.values())) for arm, runs in found.items()]
    return Table("study", title, ("method", *figures), tuple(rows))


def _over_seeds(values: Sequence[float | None]) -> str:
    known = [each for each in values if each is not None]
    if not known:
        return UNDEFINED
    spread = f" ± {in_words(float(np.std(known, ddof=1)))}" if len(known) > 1 else ""
    return in_words(float(np.mean(known))) + spread


def _mean(values: Sequence[float | None]) -> float | None:
    known = [each for each in values if each is not None]
    return float(np.mean(known)) if known else None


def say(progress: Progress) -> None:
    """Print one line per step."""
    print(f"{progress.stage} {progress.done} of {progress.total} {progress.message}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        typer.run(main)
    except HemorrhageError as error:
        sys.exit(str(error))
