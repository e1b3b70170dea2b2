"""How much variance does interpolation alone fake at the edge of a lesion? Prints the table of README.md.

    python Testing/benchmarks/interpolation_noise.py [--samples 20]

A ball of 36 mm on a grid of 5 x 1.2 x 1.2 mm, probability ``(1 - erf(d / w)) / 2`` at a distance d from its surface, w = 1.5 mm
(and sharper), and a network that answers with its input: every difference between samples is interpolation's.
"""

from __future__ import annotations

import argparse

import numpy as np
import torch
from scipy.special import erf, expit, logit

from hemorrhage.transforms import Interpolation, SpatialTransform, TransformPreset, draw_transform, warp, warp_probabilities

SPACING = (5.0, 1.2, 1.2)
SHAPE = (16, 64, 64)


def lesion(edge_mm: float) -> np.ndarray:
    """Return the probability of the ball, sampled at the voxels' centers."""
    axes = [(np.arange(n) - (n - 1) / 2) * s for n, s in zip(SHAPE, SPACING, strict=True)]
    distance = np.sqrt(sum(axis**2 for axis in np.meshgrid(*axes, indexing="ij"))) - 18
    return (1 - erf(distance / edge_mm)) / 2


def there_and_back(probability: np.ndarray, transform: SpatialTransform, interpolation: Interpolation, scheme: str) -> np.ndarray:
    """Return one sample of the identity network: composed, in sequence, or with the logits moved back."""
    pair = torch.from_numpy(np.stack([1 - probability, probability]))[None].float()
    if scheme == "in sequence":
        for operator in transform.operators:
            pair, _ = warp(pair, SpatialTransform((operator,)), SPACING, interpolation)
        for operator in transform.inverse().operators:
            pair, _ = warp_probabilities(pair, SpatialTransform((operator,)), SPACING, interpolation)
        return pair[0, 1].double().numpy()
    moved, _ = warp(pair, transform, SPACING, interpolation)
    if scheme == "logits":
        scores = torch.from_numpy(logit(np.clip(moved[:, 1:].double().numpy(), 1e-6, 1 - 1e-6)))
        return expit(warp(scores, transform.inverse(), SPACING, interpolation)[0][0, 0].double().numpy())
    return warp_probabilities(moved, transform.inverse(), SPACING, interpolation)[0][0, 1].double().numpy()


def main() -> None:
    """Print the table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=20)
    samples = parser.parse_args().samples
    print(
        "| preset | edge | scheme | kernel | mean variance at the edge | largest | volume error |\n|---|---|---|---|---|---|---|"
    )
    for preset, edge_mm in (
        (TransformPreset.ANISOTROPIC, 1.5),
        (TransformPreset.ANISOTROPIC, 0.75),
        (TransformPreset.PAPER, 1.5),
    ):
        rng = np.random.default_rng(0)
        transforms = [draw_transform(rng, 5, preset, SPACING) for _ in range(samples)]
        truth = lesion(edge_mm)
        edge = (truth > 0.05) & (truth < 0.95)
        for scheme in ("in sequence", "composed", "logits"):
            for interpolation in Interpolation:
                results = np.stack([there_and_back(truth, transform, interpolation, scheme) for transform in transforms])
                variance = results.var(axis=0)
                errors = results.sum(axis=(1, 2, 3)) / truth.sum() - 1
                worst = errors[np.abs(errors).argmax()]
                print(
                    f"| {preset} | {edge_mm} mm | {scheme} | {interpolation} "
                    f"| {variance[edge].mean():.1e} | {variance.max():.1e} | {worst:+.2%} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
