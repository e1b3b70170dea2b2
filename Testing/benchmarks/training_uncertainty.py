"""What does U cost during training, and how close does a cheap U come to the paper's? One table, measured in one run.

    python Testing/benchmarks/training_uncertainty.py [--model FOLDER] [--patches 12] [--rounds 3]

Cost: a training step with U over a plain one, same network and patch, fastest of the rounds, processor time with one thread.
Fidelity: Pearson correlation over voxels of the head with the paper's U (20 samples of 5 transforms), on patches of simulated
heads that the model has not seen; the mean over patches. The paper's U against a second draw of itself is the ceiling.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from nnunetv2.training.loss.compound_losses import DC_and_CE_loss
from nnunetv2.training.loss.dice import MemoryEfficientSoftDiceLoss
from scipy import ndimage

import hemorrhage
from hemorrhage import load_model
from hemorrhage.models.model import open_contents
from hemorrhage.nnunet.architecture import build_network, load_weights
from hemorrhage.nnunet.preprocessing import prepare, working_grid
from hemorrhage.page_reuse import reuse_freed_memory
from hemorrhage_training.embedded.augmentation import crop
from hemorrhage_training.embedded.evaluation import FIRST_UNSEEN_SEED
from hemorrhage_training.embedded.pool import labels_on_grid
from hemorrhage_training.nnunet.patch_uncertainty import RunningVariance, transformed_predictions
from hemorrhage_training.nnunet.uncertainty_weighted_loss import UncertaintyWeightedLoss

PAPER_SAMPLES, TRANSFORMS, LAMBDA = 20, 5, 50.0


def unseen_patches(plans, count: int) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Return (1, 1, D, H, W) patches about hemorrhages of unseen cases, with their labels."""
    patches, seed = [], FIRST_UNSEEN_SEED + 800_000
    while len(patches) < count:
        case = hemorrhage.simulate_head_ct(seed, shape=(32, 256, 256))
        seed += 1
        prepared = prepare(case.ct, plans, working_grid(case.ct, plans, box=True))
        labels = labels_on_grid(case.labels, prepared.grid).long()
        slices = torch.nonzero(labels.flatten(1).any(1)).flatten()
        if len(slices):
            centre = int(slices[len(slices) // 2])
            image, target = crop(prepared.data[0], labels, plans.patch_size, np.random.default_rng(seed), centre)
            patches.append((image[None, None].contiguous(), target[None, None].contiguous()))
    return patches


def uncertainty(predict, patch, spacing, samples: int, seed: int, own: torch.Tensor | None = None) -> torch.Tensor:
    """U from `samples` predictions; with `own`, the untransformed prediction is one of them and costs nothing."""
    variance = RunningVariance()
    if own is not None:
        variance.add(own)
    drawn = transformed_predictions(
        predict,
        patch,
        spacing,
        count=samples - (own is not None),
        transforms=TRANSFORMS,
        rng=np.random.default_rng(seed),
    )
    for probabilities, valid in drawn:
        variance.add(probabilities, valid)
    return variance.total()


def correlation(a: torch.Tensor, b: torch.Tensor, where: torch.Tensor) -> float:
    """Pearson correlation over the voxels `where`."""
    return float(np.corrcoef(a[where].numpy(), b[where].numpy())[0, 1])


def smoothed(u: torch.Tensor, pixels: float) -> torch.Tensor:
    """Smooth U in-plane."""
    return torch.from_numpy(ndimage.gaussian_filter(u[0, 0].numpy(), (0, pixels, pixels)))[None, None]


def loss_of(patch_network, patch, target, u) -> torch.Tensor:
    """Loss of Eq. 5 on all scales, as the trainer computes it."""
    dice = {"batch_dice": False, "smooth": 1e-5, "do_bg": False, "ddp": False}
    loss = UncertaintyWeightedLoss(DC_and_CE_loss(dice, {}, dice_class=MemoryEfficientSoftDiceLoss), LAMBDA)
    total = torch.zeros(())
    for k, logits in enumerate(patch_network):
        scale = torch.nn.functional.interpolate(target.float(), logits.shape[2:])
        weight = None if u is None else torch.nn.functional.adaptive_avg_pool3d(u, logits.shape[2:])
        total = total + 0.5**k * loss(logits, scale, weight)
    return total


def step_seconds(network, patch, target, spacing, samples: int | None, rounds: int) -> float:
    """Processor time of one training step, with U of `samples` predictions or without; the fastest of the rounds."""

    def predict(moved):
        return network(moved)[0].softmax(1)

    fastest = float("inf")
    for k in range(rounds + 1):  # the first one warms up
        start = time.process_time()
        outputs = network(patch)
        u = None
        if samples is not None:
            with torch.no_grad():
                u = uncertainty(predict, patch, spacing, samples, k, own=outputs[0].detach().softmax(1))
        loss_of(outputs, patch, target, u).backward()
        network.zero_grad()
        if k:
            fastest = min(fastest, time.process_time() - start)
    return fastest


def main() -> None:
    """Measure, and print the tables as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=None, help="model folder; the embedded one by default")
    parser.add_argument("--patches", type=int, default=12)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    reuse_freed_memory()
    contents = open_contents(arguments.model or load_model("default").folder)
    network = build_network(contents.plans).requires_grad_(True)
    load_weights(network, contents.read_weights()[0])
    network.decoder.deep_supervision = True
    spacing = contents.plans.spacing

    def predict(patch):
        return network(patch)[0].softmax(1)

    found: dict[str, list[float]] = {}
    cases = unseen_patches(contents.plans, arguments.patches)
    for number, (patch, _) in enumerate(cases):
        with torch.no_grad():
            own = predict(patch)
            paper = uncertainty(predict, patch, spacing, PAPER_SAMPLES, 100 + number)
            entropy = -(own * own.clamp(min=1e-12).log()).sum(1, keepdim=True)
            maps = {"the paper's, drawn again": uncertainty(predict, patch, spacing, PAPER_SAMPLES, 200 + number)}
            for samples in (2, 3, 5, 8):
                cheap = uncertainty(predict, patch, spacing, samples, 300 + number, own=own)
                maps[f"{samples} predictions"] = cheap
                maps[f"{samples} predictions, smoothed"] = smoothed(cheap, 1.0)
            maps["entropy of the own prediction, no other pass"] = entropy
            flips = RunningVariance()
            for axes in ((), (2,), (3,), (4,)):
                flips.add(predict(patch.flip(axes)).flip(axes) if axes else own)
            maps["own prediction and three flips"] = flips.total()
        head = (patch > patch.min() + 1e-3) & (paper >= 0)
        for name, each in maps.items():
            found.setdefault(name, []).append(correlation(each, paper, head))
    print("| U from | correlation with the paper's U, mean (lowest) |\n|---|---|")
    for name, values in found.items():
        print(f"| {name} | {np.mean(values):.2f} ({np.min(values):.2f}) |")
    patch, target = cases[0]
    plain = step_seconds(network, patch, target, spacing, None, arguments.rounds)
    print("\n| step | cost, plain step = 1 |\n|---|---|")
    for samples in (2, 3, 5, PAPER_SAMPLES):
        factor = (
            step_seconds(network, patch, target, spacing, samples, 1 if samples == PAPER_SAMPLES else arguments.rounds) / plain
        )
        every = "".join(f", every {k}: {1 + (factor - 1) / k:.2f}" for k in (2, 4))
        print(f"| U from {samples} predictions | {factor:.2f}{every} |")


if __name__ == "__main__":
    main()
