"""U of a training patch: the variance of predictions on transformed copies (uncertainty-aware nnU-Net, Eq. 1-4)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from hemorrhage.head_ct import Spacing
from hemorrhage.transforms import Interpolation, TransformPreset, default_preset, draw_transform, warp, warp_probabilities

#: Fewer votes say nothing about disagreement.
_LEAST_VOTES = 2


class RunningVariance:
    """Population variance over predictions, summed over classes, in one pass (Welford); a voxel out of view has no vote."""

    def __init__(self) -> None:
        self._votes: Tensor | None = None
        self._mean = self._squares = torch.empty(0)

    def add(self, probabilities: Tensor, valid: Tensor | None = None) -> None:
        """Add one prediction (B, C, ...) float32, with the voxels (B, 1, ...) bool that it saw (all of them by default)."""
        vote = torch.ones_like(probabilities[:, :1]) if valid is None else valid.to(probabilities)
        if self._votes is None:
            self._votes, self._mean = torch.zeros_like(vote), torch.zeros_like(probabilities)
            self._squares = torch.zeros_like(probabilities)
        self._votes = self._votes + vote
        difference = (probabilities - self._mean) * vote
        self._mean = self._mean + difference / self._votes.clamp(min=1)
        self._squares = self._squares + difference * (probabilities - self._mean)

    def total(self) -> Tensor:
        """Return U (B, 1, ...) in [0, 1 - 1/C]; 0 where fewer than two predictions saw the voxel.

        Raises
        ------
        ValueError
            Nothing was added.
        """
        if self._votes is None:
            raise ValueError("a variance needs predictions")
        variance = self._squares.sum(1, keepdim=True) / self._votes.clamp(min=1)
        return variance.clamp(min=0) * (self._votes >= _LEAST_VOTES)


def transformed_predictions(
    predict: Callable[[Tensor], Tensor],
    patch: Tensor,
    spacing: Spacing,
    *,
    count: int,
    transforms: int,
    rng: np.random.Generator,
    preset: TransformPreset | None = None,
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield class probabilities of transformed copies of a patch, moved back to it, and the voxels that they saw.

    Linear interpolation: it is the cheapest, and U of a training step is averaged over very many steps.

    Parameters
    ----------
    predict : callable
        From a patch (B, C_in, D, H, W) to class probabilities (B, C, D, H, W).
    patch : (B, C_in, D, H, W) float tensor
        Normalized; all of the batch is moved by the same transform.
    spacing : tuple of float
        Of the patch, in mm.
    count, transforms : int
        Copies, and operators per copy.
    rng : numpy.random.Generator
    preset : TransformPreset, optional
        By default the one for this spacing.
    """
    for _ in range(count):
        transform = draw_transform(rng, transforms, preset or default_preset(spacing), spacing)
        moved, _ = warp(patch, transform, spacing, Interpolation.LINEAR)
        yield warp_probabilities(predict(moved), transform.inverse(), spacing, Interpolation.LINEAR)
