"""Does weighting the loss by uncertainty help? lambda = 0, 5, 50, 100 on simulated cases, several seeds, short runs.

    python -m hemorrhage_training.embedded simulate POOL --cases 300 --first-seed 15000
    python training/studies/uncertainty_weight.py POOL -o OUT [--start MODEL] [--adapt 1500] [--seeds 3] [--steps 60]

A model is trained on by nnU-Net's trainer with the loss of Eq. 5: from nothing, a network learns nothing in so few steps, and U
of such a network says nothing. Cases are halved in-plane (5 x 3 x 3 mm); with --adapt the model is first made used to that by
so many steps of the stock loss, which all lambdas start from. With one seed all lambdas see the same windows. The last cases of
POOL are for testing only. OUT keeps the figures of every finished run, so that a stopped study goes on and seeds can be added;
it receives uncertainty_weight.md. Other options need another OUT.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from statistics import fmean, stdev
from typing import Annotated, Any

import numpy as np
import torch
import torch.nn.functional as F
import typer
from torch import Tensor

from hemorrhage.hemorrhage_class import SIX_CLASSES
from hemorrhage.models import load_model
from hemorrhage.models.model import open_contents
from hemorrhage.nnunet.architecture import load_weights
from hemorrhage.page_reuse import reuse_freed_memory
from hemorrhage_training.embedded.augmentation import augment
from hemorrhage_training.embedded.plans import CONFIGURATION, embedded_dataset_json, embedded_plans
from hemorrhage_training.embedded.sampling import BalancedWindows, halved, read_case
from hemorrhage_training.evaluation.error_detection import ErrorDetection
from hemorrhage_training.evaluation.overlap import Overlap
from hemorrhage_training.evaluation.surface_distances import surface_distances
from hemorrhage_training.nnunet.patch_uncertainty import RunningVariance, transformed_predictions

SPACING = (5.0, 3.0, 3.0)
PATCH = (8, 64, 64)
#: By name: lambda, predictions for U, and at every which step. The last one is the trainer's default.
ARMS = {"0": (0.0, 2, 1), "5": (5.0, 3, 1), "50": (50.0, 3, 1), "100": (100.0, 3, 1), "50, every 3rd step": (50.0, 5, 3)}
STEPS_PER_EPOCH = 10
#: Of the windows that all runs have seen before they begin.
ADAPTING_SEED = 1000
ANY = "any hemorrhage"
TARGETS = (*SIX_CLASSES[1:], ANY)
FIGURES = ("Dice", "HD, mm", "ASSD, mm")
#: Largest U, and the table's bins in 200ths of it.
LARGEST = 1 - 1 / len(SIX_CLASSES)
EDGES = (0, 1, 2, 5, 10, 20, 40, 80, 200)


class Training:
    """One run of the uncertainty-aware trainer on windows of the pool, from the weights of a model."""

    def __init__(
        self, weighting: dict[str, Any], steps: int, rate: float, windows: BalancedWindows, start: Mapping[str, Tensor]
    ) -> None:
        from hemorrhage_training.nnunet.trainer import nnUNetTrainerUncertaintyAware

        self.seed, self.steps, self.windows = weighting["seed"], steps, windows
        plans = {**embedded_plans(), "continue_training": False}
        plans["configurations"][CONFIGURATION] |= {"spacing": list(SPACING), "patch_size": list(PATCH), "batch_size": 1}
        plans["uncertainty_weighting"] = {**weighting, "epochs": -(-steps // STEPS_PER_EPOCH)}
        dataset = embedded_dataset_json(0)
        self.trainer = nnUNetTrainerUncertaintyAware(plans, CONFIGURATION, 0, dataset, device=torch.device("cpu"))
        # nnU-Net looks for the kind of its data files, though the windows come from the pool.
        data = Path(self.trainer.preprocessed_dataset_folder)
        data.mkdir(parents=True, exist_ok=True)
        (data / "none.npz").touch()
        self.trainer.initial_lr = rate
        self.trainer.initialize()
        self.network = self.trainer.network
        load_weights(self.network, start)
        self.network.requires_grad_(True)
        self.scales = self.trainer._get_deep_supervision_scales()

    def run(self) -> float:
        """Make all steps; return the processor time of one of them in s."""
        self.network.train()
        start = time.process_time()
        for step in range(self.steps):
            self.trainer.current_epoch = step // STEPS_PER_EPOCH
            self.trainer.lr_scheduler.step(self.trainer.current_epoch)
            rng = np.random.default_rng([self.seed, step])
            image, labels = (each[None, None].contiguous() for each in augment(*self.windows.draw(rng, coarse=True), rng))
            target = [F.interpolate(labels.float(), scale_factor=scale) for scale in self.scales]
            self.trainer.train_step({"data": image, "target": target})
        return (time.process_time() - start) / self.steps


def adapted(file: Path, steps: int, rate: float, windows: BalancedWindows, start: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
    """Return weights that are used to the study's resolution, made where they are not there yet."""
    if not file.exists():
        training = Training({"lam": 0.0, "samples": 2, "every": 1, "seed": ADAPTING_SEED}, steps, rate, windows, start)
        training.run()
        partial = file.with_suffix(".partial")
        torch.save(training.network.state_dict(), partial)
        partial.replace(file)
    weights: Mapping[str, Tensor] = torch.load(file, weights_only=True)
    return weights


def tested(network: torch.nn.Module, files: list[Path], uncertainty_of: int, samples: int) -> dict[str, Any]:
    """Return Dice, HD and ASSD per class and case, and errors by uncertainty of the first cases."""
    network.eval()
    network.decoder.deep_supervision = False  # type: ignore[union-attr]
    figures: dict[str, dict[str, list[float]]] = {name: {target: [] for target in TARGETS} for name in FIGURES}
    errors = ErrorDetection(LARGEST)
    affine = np.diag([*SPACING, 1.0])
    for number, file in enumerate(files):
        image, labels = halved(*read_case(file))
        patch, reference = padded(image)[None, None], labels.numpy()
        inside = tuple(slice(n) for n in image.shape)
        with torch.no_grad():
            predicted = network(patch)[0].argmax(0).numpy()[inside]
        for value, target in enumerate(TARGETS, start=1):
            masks = [each > 0 if target == ANY else each == value for each in (predicted, reference)]
            distances = surface_distances(masks[0], masks[1], affine)
            hd, assd = (None, None) if distances is None else (distances.hd_mm, distances.assd_mm)
            measured = (Overlap.of(masks[0], masks[1]).dice, hd, assd)
            for name, figure in zip(FIGURES, measured, strict=True):
                if figure is not None:
                    figures[name][target].append(figure)
        if number < uncertainty_of:
            u = uncertainty(network, patch, samples)[0, 0].numpy()[inside]
            head = image.numpy() > image.numpy().min() + 1e-3
            errors.add(u[head], (predicted != reference)[head])
    return {
        "figures": {name: {t: fmean(v) if v else None for t, v in found.items()} for name, found in figures.items()},
        "auroc": errors.auroc,
        "bins": errors.bins.tolist(),
    }


def padded(image: Tensor) -> Tensor:
    """Pad a case to what the network's strides need."""
    sizes = [-n % (4 if axis == 0 else 16) for axis, n in enumerate(image.shape)]
    return F.pad(image, (0, sizes[2], 0, sizes[1], 0, sizes[0]), value=float(image.min()))


@torch.no_grad()
def uncertainty(network: torch.nn.Module, patch: Tensor, samples: int) -> Tensor:
    """U of Eq. 4 (1, 1, D, H, W)."""
    variance = RunningVariance()
    predictions = transformed_predictions(
        lambda moved: network(moved).softmax(1), patch, SPACING, count=samples, transforms=5, rng=np.random.default_rng(0)
    )
    for probabilities, valid in predictions:
        variance.add(probabilities, valid)
    return variance.total()


def mean_and_spread(values: list[float | None], digits: int) -> str:
    """Return the mean over seeds, with the standard deviation."""
    known = [v for v in values if v is not None]
    if not known:
        return "-"
    return f"{fmean(known):.{digits}f}" + (f" ± {stdev(known):.{digits}f}" if len(known) > 1 else "")


def tables(runs: dict[str, list[dict[str, Any]]]) -> str:
    """Return the study as Markdown."""
    lines = []

    def row(title: str, values: list[list[float | None]], digits: int) -> None:
        lines.append(f"| {title} | " + " | ".join(mean_and_spread(each, digits) for each in values) + " |")

    lines += ["| lambda | " + " | ".join(runs) + " |", "|---|" + "---|" * len(runs)]
    for figure in FIGURES:
        digits = 3 if figure == "Dice" else 1
        for target in TARGETS:
            row(
                f"{figure}: {target}",
                [[run["figures"][figure][target] for run in of_lambda] for of_lambda in runs.values()],
                digits,
            )
        means = [[subtype_mean(run["figures"][figure]) for run in of_lambda] for of_lambda in runs.values()]
        row(f"{figure}: mean of subtypes", means, digits)
    for title, key, digits in ("AUROC of U for error", "auroc", 3), ("seconds per step", "seconds", 2):
        row(title, [[run[key] for run in of_lambda] for of_lambda in runs.values()], digits)
    lines.append("| seeds | " + " | ".join(str(len(of_lambda)) for of_lambda in runs.values()) + " |")
    lines += ["", "Error rate (voxels) by U, all seeds together:", "", "| U | " + " | ".join(runs) + " |"]
    lines.append("|---|" + "---|" * len(runs))
    for first, last in pairwise(EDGES):
        cells = (error_rate(of_lambda, slice(first, last)) for of_lambda in runs.values())
        lines.append(f"| {LARGEST * first / 200:.3f} to {LARGEST * last / 200:.3f} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def error_rate(runs: list[dict[str, Any]], bins: slice) -> str:
    """Return the error rate in some bins of U over all seeds, with the number of voxels."""
    right, wrong = np.sum([np.array(run["bins"])[:, bins].sum(1) for run in runs], axis=0)
    return f"{100 * wrong / (right + wrong):.2f} % ({right + wrong:,})" if right + wrong else "-"


def subtype_mean(by_target: dict[str, float | None]) -> float | None:
    """Return the mean over the subtypes that are known."""
    known = [value for name in SIX_CLASSES[1:] if (value := by_target[name]) is not None]
    return fmean(known) if known else None


def main(
    pool: Annotated[Path, typer.Argument(help="Folder of preprocessed simulated cases.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the study.")],
    seeds: Annotated[int, typer.Option(min=1)] = 3,
    start: Annotated[Path | None, typer.Option(help="Folder of the model to train on; the embedded one by default.")] = None,
    steps: Annotated[int, typer.Option(min=1, help="Of training, per run.")] = 60,
    adapt: Annotated[int, typer.Option(min=0, help="Steps of the stock loss before, from which all runs start.")] = 0,
    rate: Annotated[float, typer.Option(help="Learning rate at the beginning.")] = 2e-3,
    test: Annotated[int, typer.Option(min=1, help="Cases at the end of the pool that are for testing.")] = 40,
    uncertainty_of: Annotated[int, typer.Option(help="Test cases on which U is judged.")] = 12,
    samples: Annotated[int, typer.Option(min=2, help="Samples of U in the test.")] = 8,
    threads: Annotated[int, typer.Option(min=1)] = 1,
) -> None:
    """Train and test every arm with every seed; print and write the tables."""
    reuse_freed_memory()
    torch.set_num_threads(threads)
    output.mkdir(parents=True, exist_ok=True)
    for kind in ("raw", "preprocessed", "results"):  # read when nnU-Net's trainer is imported
        os.environ[f"nnUNet_{kind}"] = str(output / "nnunet" / kind)
    os.environ["nnUNet_compile"] = "false"  # noqa: SIM112 (nnU-Net's own name)
    cases = sorted(pool.glob("case_??????.npz"))
    if len(cases) <= test:
        raise typer.BadParameter(f"{pool} holds {len(cases)} cases: simulate more than the {test} that are for testing")
    windows = BalancedWindows(training_folder(cases[:-test], output / "training"), PATCH[0])
    weights = open_contents(start or load_model("default").folder).read_weights()[0]
    if adapt:
        weights = adapted(output / "adapted.pt", adapt, rate, windows, weights)
    runs: dict[str, list[dict[str, Any]]] = {}
    for name, seed in [("before", 0), *((name, seed) for seed in range(seeds) for name in ARMS)]:
        slug = re.sub(r"\W+", "_", name)
        file = output / ("before.json" if name == "before" else f"lambda{slug}_seed{seed}_steps{steps}.json")
        if not file.exists():
            lam, predictions, every = ARMS.get(name, ARMS["0"])
            weighting = {"lam": lam, "samples": predictions, "every": every, "seed": seed}
            training = Training(weighting, steps, rate, windows, weights)
            seconds = None if name == "before" else training.run()
            record = {"seconds": seconds, **tested(training.network, cases[-test:], uncertainty_of, samples)}
            partial = file.with_suffix(".partial")
            partial.write_text(json.dumps(record), encoding="utf-8")
            partial.replace(file)
        runs.setdefault(name, []).append(json.loads(file.read_text(encoding="utf-8")))
        (output / "uncertainty_weight.md").write_text(tables(runs), encoding="utf-8")
    typer.echo(tables(runs))


def training_folder(cases: list[Path], folder: Path) -> Path:
    """Return a folder with links to the cases that may be trained on."""
    folder.mkdir(exist_ok=True)
    for case in cases:
        link = folder / case.name
        if not link.exists():
            link.symlink_to(case.resolve())
    return folder


if __name__ == "__main__":
    typer.run(main)
