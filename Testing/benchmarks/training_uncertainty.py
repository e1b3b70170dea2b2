"""What does U cost during training, and how close does a cheap U come to the paper's? Two tables, measured in one run.

    python Testing/benchmarks/training_uncertainty.py [--model FOLDER] [--patches 8] [--rounds 3] [--drift 10 40]

Fidelity: Pearson correlation over the voxels of the head with the paper's U (20 samples of 5 transforms), on patches of
simulated heads that the model has not seen; the mean over patches, and the lowest. The paper's U against a second draw of
itself is the ceiling. A map that is kept for later steps is stale by then: the model is trained on from its weights, and U of
the weights of some steps ago, and of their moving average, is compared with U of the present ones.
Cost: a training step with U over a plain one, same network and patch, fastest of the rounds, processor time with one thread.
"""

from __future__ import annotations

import argparse
import copy
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from nnunetv2.training.loss.compound_losses import DC_and_CE_loss
from nnunetv2.training.loss.dice import MemoryEfficientSoftDiceLoss
from scipy import ndimage
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

import hemorrhage
from hemorrhage import load_model
from hemorrhage.head_box import head_box
from hemorrhage.models.model import open_contents
from hemorrhage.nnunet.architecture import build_network, load_weights
from hemorrhage.nnunet.preprocessing import prepare, working_grid
from hemorrhage.page_reuse import reuse_freed_memory
from hemorrhage_training.embedded.augmentation import augment, crop
from hemorrhage_training.embedded.evaluation import FIRST_UNSEEN_SEED
from hemorrhage_training.embedded.pool import labels_on_grid
from hemorrhage_training.nnunet.patch_uncertainty import RunningVariance, transformed_predictions
from hemorrhage_training.nnunet.uncertainty_weighted_loss import UncertaintyWeightedLoss

PAPER_SAMPLES, TRANSFORMS, LAMBDA = 20, 5, 50.0
SAMPLES = (2, 3, 4, 5, 8, 10)
PATCH = (8, 96, 96)
_FIRST_SEED = FIRST_UNSEEN_SEED + 800_000

Patch = tuple[Tensor, Tensor]


def unseen_patches(plans, count: int, first_seed: int) -> list[Patch]:
    """Return (1, 1, D, H, W) patches about hemorrhages of unseen cases, with their labels."""
    patches: list[Patch] = []
    seed = first_seed
    while len(patches) < count:
        case = hemorrhage.simulate_head_ct(seed, shape=(32, 256, 256))
        seed += 1
        prepared = prepare(case.ct, plans, working_grid(case.ct, plans, box=head_box(case.ct)))
        labels = labels_on_grid(case.labels, prepared.grid).long()
        slices = torch.nonzero(labels.flatten(1).any(1)).flatten()
        if len(slices):
            center = int(slices[len(slices) // 2])
            image, target = crop(prepared.data[0], labels, PATCH, np.random.default_rng(seed), center)
            patches.append((image[None, None].contiguous(), target[None, None].contiguous()))
    return patches


class Uncertainties:
    """U of one patch by one network, from more and more predictions."""

    def __init__(self, network: nn.Module, patch: Tensor, spacing, own: Tensor | None = None) -> None:
        self.network, self.patch, self.spacing = network, patch, spacing
        self.own = self.predict(patch) if own is None else own

    @torch.no_grad()
    def predict(self, patch: Tensor) -> Tensor:
        """Class probabilities."""
        return self.network(patch)[0].softmax(1)

    def growing(self, samples: int, seed: int, own: bool) -> Iterator[tuple[int, Tensor]]:
        """Yield the number of predictions and their U; with `own`, the untransformed prediction is the first of them."""
        variance = RunningVariance()
        if own:
            variance.add(self.own)
        rng = np.random.default_rng(seed)
        drawn = transformed_predictions(
            self.predict, self.patch, self.spacing, count=samples - own, transforms=TRANSFORMS, rng=rng
        )
        for number, (probabilities, valid) in enumerate(drawn, start=1 + own):
            variance.add(probabilities, valid)
            yield number, variance.total()

    def paper(self, seed: int) -> Tensor:
        """U as the paper computes it."""
        return list(self.growing(PAPER_SAMPLES, seed, own=False))[-1][1]

    def flips(self) -> Tensor:
        """U from the own prediction and one flip along each axis."""
        variance = RunningVariance()
        variance.add(self.own)
        for axis in (2, 3, 4):
            variance.add(self.predict(self.patch.flip(axis)).flip(axis))
        return variance.total()

    @property
    def doubt(self) -> Tensor:
        """1 minus the sum of squared probabilities of the own prediction: what U would be if it were one vote among many."""
        return 1 - self.own.square().sum(1, keepdim=True)


def smoothed(u: Tensor, pixels: float = 1.0) -> Tensor:
    """Smooth U in-plane."""
    return torch.from_numpy(ndimage.gaussian_filter(u[0, 0].numpy(), (0, pixels, pixels)))[None, None]


def blended(u: Tensor, doubt: Tensor) -> Tensor:
    """Half U, half the doubt of the own prediction at the scale of U."""
    return 0.5 * u + 0.5 * doubt * u.mean() / doubt.mean().clamp(min=1e-12)


def trained_on(network: nn.Module, cases: list[Patch], drift: tuple[int, ...]) -> tuple[nn.Module, dict[str, nn.Module]]:
    """Train a copy for the largest number of steps; return it, and by name what it was that many steps before."""
    current = copy.deepcopy(network)
    average = AveragedModel(current, multi_avg_fn=get_ema_multi_avg_fn(0.95))
    # nnU-Net's optimizer at the rate of the middle of a training
    optimizer = torch.optim.SGD(current.parameters(), lr=5e-3, momentum=0.99, nesterov=True, weight_decay=3e-5)
    earlier: dict[str, nn.Module] = {}
    for left in range(max(drift), 0, -1):
        if left in drift:
            earlier[f"weights of {left} steps ago"] = copy.deepcopy(current)
        rng = np.random.default_rng(left)
        image, target = augment(*(each[0, 0] for each in cases[left % len(cases)]), rng)
        optimizer.zero_grad()
        loss_of(current(image[None, None].contiguous()), target[None, None].contiguous(), None).backward()
        nn.utils.clip_grad_norm_(current.parameters(), 12)
        optimizer.step()
        average.update_parameters(current)
    return current, {**earlier, "moving average of the weights": average.module}


def loss_of(outputs: list[Tensor], target: Tensor, u: Tensor | None) -> Tensor:
    """Loss of Eq. 5 on all scales, as the trainer computes it; without U nnU-Net's own."""
    dice = {"batch_dice": False, "smooth": 1e-5, "do_bg": False, "ddp": False}
    loss = UncertaintyWeightedLoss(DC_and_CE_loss(dice, {}, dice_class=MemoryEfficientSoftDiceLoss), LAMBDA)
    total = torch.zeros(())
    for k, logits in enumerate(outputs):
        scale = torch.nn.functional.interpolate(target.float(), logits.shape[2:])
        weight = None if u is None else torch.nn.functional.adaptive_avg_pool3d(u, logits.shape[2:])
        total = total + 0.5**k * loss(logits, scale, weight)
    return total


def step_seconds(network: nn.Module, case: Patch, u_of: Callable[[Tensor, int], Tensor] | None, rounds: int) -> float:
    """Processor time of one training step whose U is `u_of(own prediction, seed)`; the fastest of the rounds."""
    patch, target = case
    fastest = float("inf")
    for k in range(rounds + 1):  # the first one warms up
        start = time.process_time()
        outputs = network(patch)
        u = None if u_of is None else u_of(outputs[0].detach().softmax(1), k)
        loss_of(outputs, target, u).backward()
        network.zero_grad()
        if k:
            fastest = min(fastest, time.process_time() - start)
    return fastest


def maps_of(cheap: Uncertainties, number: int) -> Iterator[tuple[str, Tensor]]:
    """Yield every cheap U of a patch by name."""
    yield "the paper's, drawn again", cheap.paper(200 + number)
    for samples, u in cheap.growing(max(SAMPLES), 300 + number, own=True):
        if samples in SAMPLES:
            yield f"{samples} predictions, the gradient pass' own among them", u
            yield f"{samples} predictions, smoothed by a pixel", smoothed(u)
            yield f"{samples} predictions, half of it 1 - sum p^2", blended(smoothed(u), cheap.doubt)
    yield "own prediction and three flips", cheap.flips()
    yield "1 - sum p^2 of the own prediction: no pass", cheap.doubt


def stale_maps(earlier: dict[str, nn.Module], patch: Tensor, spacing, number: int) -> Iterator[tuple[str, Tensor]]:
    """Yield the paper's U of other weights than the present ones, by name."""
    for name, network in earlier.items():
        yield f"the paper's, {name}", Uncertainties(network, patch, spacing).paper(400 + number)


def print_fidelity(network: nn.Module, earlier: dict[str, nn.Module], cases: list[Patch], spacing) -> None:
    """Print the table of correlations."""
    found: dict[str, list[tuple[float, float]]] = {}
    for number, (patch, _) in enumerate(cases):
        cheap = Uncertainties(network, patch, spacing)
        paper = cheap.paper(100 + number)
        head = patch > patch.min() + 1e-3
        for name, u in (*maps_of(cheap, number), *stale_maps(earlier, patch, spacing, number)):
            correlation = float(np.corrcoef(u[head].numpy(), paper[head].numpy())[0, 1])
            found.setdefault(name, []).append((correlation, float(u[head].mean() / paper[head].mean())))
    print("| U from | correlation with the paper's U, mean (lowest) | mean U over the paper's |\n|---|---|---|")
    for name, values in found.items():
        correlations, ratios = zip(*values, strict=True)
        print(f"| {name} | {np.mean(correlations):.2f} ({np.min(correlations):.2f}) | {np.mean(ratios):.2f} |")


def print_cost(network: nn.Module, case: Patch, spacing, rounds: int) -> None:
    """Print the table of cost factors."""

    def from_samples(samples: int) -> Callable[[Tensor, int], Tensor]:
        def u_of(own: Tensor, seed: int) -> Tensor:
            return list(Uncertainties(network, case[0], spacing, own).growing(samples, seed, own=True))[-1][1]

        return u_of

    plain = step_seconds(network, case, None, rounds)
    print(f"\nplain step {plain:.2f} s\n\n| U from | every step | every 2nd | every 3rd | every 4th |\n|---|---|---|---|---|")
    for samples in (*SAMPLES, PAPER_SAMPLES):
        factor = step_seconds(network, case, from_samples(samples), rounds if samples < 5 else 1) / plain
        row = " | ".join(f"{1 + (factor - 1) / k:.2f}" for k in (1, 2, 3, 4))
        print(f"| {samples} predictions | {row} |")


def main() -> None:
    """Measure, and print the tables as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=None, help="model folder; the embedded one by default")
    parser.add_argument("--patches", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--drift", type=int, nargs="*", default=(10, 40), help="steps by which weights are stale; none: skip")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    reuse_freed_memory()
    contents = open_contents(arguments.model or load_model("default").folder)
    network = build_network(contents.plans).requires_grad_(True)
    load_weights(network, contents.read_weights()[0])
    network.decoder.deep_supervision = True
    cases = unseen_patches(contents.plans, arguments.patches, _FIRST_SEED)
    print_cost(network, cases[0], contents.plans.spacing, arguments.rounds)
    earlier: dict[str, nn.Module] = {}
    if arguments.drift:
        others = unseen_patches(contents.plans, arguments.patches, _FIRST_SEED + 100_000)
        network, earlier = trained_on(network, others, tuple(arguments.drift))
    print_fidelity(network, earlier, cases, contents.plans.spacing)


if __name__ == "__main__":
    main()
