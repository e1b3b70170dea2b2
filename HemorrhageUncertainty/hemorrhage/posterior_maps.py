"""The posterior on the CT's own grid."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from .posterior_groups import GroupParts
from .sampling.working_grid import WorkingGrid
from .uncertainty_parts import UncertaintyParts


@dataclass(frozen=True, eq=False)
class PosteriorMaps:
    """What the samples say together; every map has the CT's shape (D, H, W).

    The mean probabilities are resampled linearly from the working grid, and label map and entropy are computed from them
    there, so that they agree with each other to the bit. Variance, mutual information and votes are resampled themselves:
    mixing neighbors by resampling is no disagreement between samples. The expected entropy is the difference of the two:
    it takes in the entropy that resampling adds at sharp edges, as it would if every sample were resampled by itself.
    Thus always 0 <= mutual information <= entropy <= 1. Outside the working grid's box everything is background,
    without uncertainty and without votes.

    Attributes
    ----------
    labels : (D, H, W) uint8
        Highest mean probability; of equals the lowest label.
    probabilities : (C, D, H, W) float32
        Mean over the votes.
    variance : (D, H, W) float32
        Population variance summed over classes (Eq. 4), in [0, 1 - 1/C]; 0 where there are fewer than two votes.
    class_variance : (C, D, H, W) float32
        The same per class, in [0, 0.25].
    variance_standard_error : (D, H, W) float32
        Estimated standard error of `variance`.
    entropy, expected_entropy, mutual_information : (D, H, W) float32
        In [0, 1] (divided by log C).
    votes : (D, H, W) uint16
        Samples whose field of view held the voxel.
    sample_volumes_ml : (M, C) float64
        Volume of each class in each sample's own label map.
    parts : UncertaintyParts or None
        For samples in groups: what arises within a group is the expansion's, between groups the transforms'.
    """

    labels: NDArray[np.uint8]
    probabilities: NDArray[np.float32]
    variance: NDArray[np.float32]
    class_variance: NDArray[np.float32]
    variance_standard_error: NDArray[np.float32]
    entropy: NDArray[np.float32]
    expected_entropy: NDArray[np.float32]
    mutual_information: NDArray[np.float32]
    votes: NDArray[np.uint16]
    sample_volumes_ml: NDArray[np.float64]
    parts: UncertaintyParts | None = None


def to_ct_grid(
    grid: WorkingGrid,
    *,
    mean: torch.Tensor,
    class_variance: torch.Tensor,
    mutual_information: torch.Tensor,
    votes: torch.Tensor,
    standard_error: torch.Tensor,
    sample_volumes_ml: NDArray[np.float64],
    parts: GroupParts | None = None,
) -> PosteriorMaps:
    """Resample maps of the working grid, (C, d, h, w) or (d, h, w), to the CT's grid and derive the others there."""
    probabilities = probabilities_on_ct(grid, mean)
    variances = grid.to_ct(class_variance).clamp_(0, 0.25)
    information, counted, error = grid.to_ct(torch.stack([mutual_information, votes, standard_error]))
    entropy = normalized_entropy(probabilities)
    information = torch.minimum(information.clamp_(min=0), entropy)
    return PosteriorMaps(
        labels=first_argmax(probabilities).cpu().numpy(),
        probabilities=probabilities.cpu().numpy(),
        variance=variances.sum(0).clamp_(max=1 - 1 / len(mean)).cpu().numpy(),
        class_variance=variances.cpu().numpy(),
        variance_standard_error=error.clamp(min=0).cpu().numpy(),
        entropy=entropy.cpu().numpy(),
        expected_entropy=(entropy - information).cpu().numpy(),
        mutual_information=information.cpu().numpy(),
        votes=counted.round().cpu().numpy().astype(np.uint16),
        sample_volumes_ml=sample_volumes_ml,
        parts=None if parts is None else _parts_on_ct(grid, parts, variances.sum(0).clamp_(max=1 - 1 / len(mean)), information),
    )


def _parts_on_ct(grid: WorkingGrid, parts: GroupParts, variance: torch.Tensor, information: torch.Tensor) -> UncertaintyParts:
    """Resample the shares that the first parts have in the wholes, by resampling both; the wholes on the CT's grid are given."""
    maps = grid.to_ct(
        torch.stack([parts.variance_within, parts.variance_between, parts.information_within, parts.information_between])
    ).clamp_(min=0)
    variance_within = variance * _share(maps[0], maps[1])
    information_within = information * _share(maps[2], maps[3])
    return UncertaintyParts(
        variance_expansion=variance_within.cpu().numpy(),
        variance_transforms=(variance - variance_within).cpu().numpy(),
        mutual_information_expansion=information_within.cpu().numpy(),
        mutual_information_transforms=(information - information_within).cpu().numpy(),
    )


def _share(part: torch.Tensor, rest: torch.Tensor) -> torch.Tensor:
    return part / (part + rest).clamp(min=torch.finfo(torch.float32).tiny)


def probabilities_on_ct(grid: WorkingGrid, mean: torch.Tensor) -> torch.Tensor:
    """Resample mean probabilities (C, d, h, w) to the CT's grid, where they sum to 1 again; background outside the box."""
    probabilities = grid.to_ct(mean, background_outside(mean)).clamp_(min=0)
    probabilities /= probabilities.sum(0, keepdim=True)
    return probabilities


def background_outside(probabilities: torch.Tensor) -> torch.Tensor:
    """Return the (C,) probabilities of a voxel that is surely background."""
    background = torch.zeros(len(probabilities), device=probabilities.device)
    background[0] = 1.0
    return background


def first_argmax(probabilities: torch.Tensor) -> torch.Tensor:
    """Return the label of the highest probability, (C, ...) -> (...) uint8; of equals the lowest label."""
    best = probabilities[0].clone()
    labels = torch.zeros(best.shape, dtype=torch.uint8, device=best.device)
    for label in range(1, len(probabilities)):
        labels.masked_fill_(probabilities[label] > best, label)
        torch.maximum(best, probabilities[label], out=best)
    return labels


def normalized_entropy(probabilities: torch.Tensor) -> torch.Tensor:
    """Return ``-sum p log p / log C`` of (C, ...) probabilities: (...) in [0, 1]."""
    return torch.special.entr(probabilities).sum(0).div_(math.log(len(probabilities))).clamp_(0, 1)
