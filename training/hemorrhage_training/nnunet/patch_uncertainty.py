"""U of a training patch: the variance of predictions on transformed copies (uncertainty-aware nnU-Net, Eq. 1-4)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from hemorrhage.head_ct import Spacing
from hemorrhage.transforms import Interpolation, TransformPreset, default_preset, draw_transform, warp, warp_probabilities
from hemorrhage.welford import add_sample

#: Fewer votes say nothing about disagreement.
_LEAST_VOTES = 2
#: Stands for the slice thickness of 2D patches: no transform leaves the slice.
_NO_OTHER_SLICE_MM = 1000.0


class RunningVariance:
    """Population variance over predictions, summed over classes, in one pass (Welford); a voxel out of view has no vote."""

    def __init__(self) -> None:
        self._votes: Tensor | None = None
        self._mean = self._squares = torch.empty(0)

    def add(self, probabilities: Tensor, valid: Tensor | None = None) -> None:
        """Add one prediction (B, C, ...) float32, with the voxels (B, 1, ...) bool that it saw (all of them by default)."""
        if self._votes is None:
            self._votes, self._squares = (torch.zeros_like(probabilities[:, 0]) for _ in range(2))
            self._mean = torch.zeros_like(probabilities.movedim(1, 0))
        vote = torch.ones_like(self._votes) if valid is None else valid[:, 0].to(self._votes)
        self._squares += add_sample(self._mean, self._votes, probabilities.movedim(1, 0), vote).sum(0)

    def total(self) -> Tensor:
        """Return U (B, 1, ...) in [0, 1 - 1/C]; 0 where fewer than two predictions saw the voxel.

        Raises
        ------
        ValueError
            Nothing was added.
        """
        if self._votes is None:
            raise ValueError("a variance needs predictions")
        variance = (self._squares / self._votes.clamp(min=1)).clamp(min=0) * (self._votes >= _LEAST_VOTES)
        return variance[:, None]


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


def uncertainty_of(
    predict: Callable[[Tensor], Tensor],
    patch: Tensor,
    own: Tensor,
    spacing: tuple[float, ...],
    *,
    samples: int,
    transforms: int,
    rng: np.random.Generator,
    preset: TransformPreset | None = None,
) -> Tensor:
    """Return U (B, 1, ...) from the prediction of the patch itself and `samples` - 1 predictions of transformed copies.

    Parameters
    ----------
    predict : callable
        From a patch to class probabilities, with the patch's number of axes.
    patch : (B, C_in, D, H, W) or (B, C_in, H, W) float tensor
        A flat patch is only moved within its slice.
    own : tensor
        ``predict(patch)``: a training step has it already.
    spacing : tuple of float
        Of the patch's axes, in mm.
    """
    flat = patch.ndim == 4

    def predict_volume(volume: Tensor) -> Tensor:
        return predict(volume[:, :, 0]).unsqueeze(2) if flat else predict(volume)

    variance = RunningVariance()
    variance.add(own.unsqueeze(2) if flat else own)
    for probabilities, valid in transformed_predictions(
        predict_volume,
        patch.unsqueeze(2) if flat else patch,
        (_NO_OTHER_SLICE_MM, *spacing) if flat else spacing,  # type: ignore[arg-type]
        count=samples - 1,
        transforms=transforms,
        rng=rng,
        preset=preset,
    ):
        variance.add(probabilities, valid)
    total = variance.total()
    return total[:, :, 0] if flat else total
