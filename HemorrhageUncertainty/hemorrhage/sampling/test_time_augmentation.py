"""Monte-Carlo test-time augmentation: the network on transformed copies, transformed back (uncertainty-aware nnU-Net, Alg. 1)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch

from ..errors import ArgumentError
from ..head_ct import HeadCT, Spacing
from ..method import Method
from ..transforms import (
    Interpolation,
    Padding,
    SpatialTransform,
    TransformPreset,
    default_preset,
    draw_transform,
    warp,
    warp_probabilities,
)
from .network import Network
from .prepared_once import PreparedOnce
from .random_stream import random_stream
from .sampler import Sample
from .wording import counted
from .working_grid import WorkingGrid


class TestTimeAugmentation:
    """Samples are predictions on randomly transformed copies of the CT, brought back by the inverse transform (Eq. 1-3).

    The operators of one sample are composed into one matrix, so that the CT is interpolated once and the probabilities once.
    The CT is continued beyond the field of view by its border values (it is already clipped to the model's window); a voxel
    that the transform moves out of the field of view has no vote in that sample (`Sample.valid`).

    The network sees one transformed CT at a time and batches that one's windows as its memory allows: convolution libraries
    round differently for another number of samples in a batch, and no sample may depend on how many others are drawn.

    Sample 0 is a random draw like any other, as in the paper; with ``transforms=0`` every sample is the network's own
    prediction, untouched.

    Parameters
    ----------
    network : Network
    preset : TransformPreset, optional
        The distribution of operators; by default chosen by the spacing of the working grid (`default_preset`).
    transforms : int
        Operators per sample, N >= 0. The paper: 5.
    flip_axes : sequence of int
        Array axes along which the network was trained with mirroring: the flips of the preset ``anisotropic``.
    interpolation : Interpolation
        Used in both directions; `SPLINE` fakes the least variance (see ``Testing/benchmarks``).

    Raises
    ------
    ArgumentError
        For a negative number of transforms or an unknown preset.
    """

    largest_count: int | None = None
    samples_per_draw = 1
    __test__ = False  # pytest collects classes whose name starts with Test

    def __init__(
        self,
        network: Network,
        preset: TransformPreset | str | None = None,
        transforms: int = 5,
        *,
        flip_axes: Sequence[int] = (0, 1, 2),
        interpolation: Interpolation = Interpolation.SPLINE,
    ) -> None:
        if transforms < 0:
            raise ArgumentError(f"the number of transforms must be 0 or more, got {transforms}")
        try:
            self.preset = None if preset is None else TransformPreset(preset)
        except ValueError as error:
            names = ", ".join(TransformPreset)
            raise ArgumentError(f"{preset!r} is not a preset of transforms: choose one of {names}") from error
        self.network = network
        self.transforms = transforms
        self.flip_axes = tuple(flip_axes)
        self.interpolation = Interpolation(interpolation)
        self._prepared = PreparedOnce(network)

    def grid(self, ct: HeadCT) -> WorkingGrid:
        """Return the grid on which the network works."""
        return self._prepared.of(ct).grid

    def in_words(self, count: int) -> str:
        """Return the method and its settings."""
        samples = counted(count, "sample", "samples")
        return f"{Method.TTA.full_name}, {samples}, {transforms_in_words(self.transforms, self.preset)}"

    def draw(self, ct: HeadCT, count: int, seed: int) -> Iterator[Sample]:
        """Yield `count` samples; each depends only on the CT, the seed and its own index."""
        return (self.replay(ct, parameters) for parameters in self.draws(ct, count, seed))

    def draws(self, ct: HeadCT, count: int, seed: int) -> list[dict[str, Any]]:
        """Return the recorded parameters of `count` samples; see `draw_parameters`."""
        if count < 1:
            raise ArgumentError(f"the number of samples must be 1 or more, got {count}")
        spacing = self.grid(ct).spacing
        preset = self.preset or default_preset(spacing)
        return [draw_parameters(seed, index, self.transforms, preset, spacing, self.flip_axes) for index in range(count)]

    def replay(self, ct: HeadCT, parameters: Mapping[str, Any]) -> Sample:
        """Return the sample whose `parameters` were recorded."""
        probabilities, valid = self.predict_transformed(ct, parameters, self.network.probabilities)
        return Sample(probabilities[0], valid, parameters)

    def predict_transformed(
        self, ct: HeadCT, parameters: Mapping[str, Any], predict: Callable[[torch.Tensor], torch.Tensor]
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Predict on a transformed copy and transform back.

        Parameters
        ----------
        ct : HeadCT
        parameters : mapping
            Of one sample.
        predict : callable
            Maps the copy (1, 1, D, H, W) to class probabilities (B, C, D, H, W).

        Returns
        -------
        probabilities : (B, C, D, H, W) float32 tensor
        valid : (D, H, W) bool tensor, or None if all are (`Sample.valid`)
        """
        prepared = self._prepared.of(ct)
        spacing = prepared.grid.spacing
        transform = recorded_transform(parameters)
        with torch.inference_mode():
            moved, _ = warp(prepared.data[None], transform, spacing, self.interpolation, Padding.BORDER)
            predicted = predict(moved).float()
            probabilities, valid = warp_probabilities(predicted, transform.inverse(), spacing, self.interpolation)
        return probabilities, None if transform.is_flip_only else valid[0, 0]


def draw_parameters(
    seed: int, index: int, transforms: int, preset: TransformPreset, spacing: Spacing, flip_axes: Sequence[int] = (0, 1, 2)
) -> dict[str, Any]:
    """Draw all that is random in sample `index` (from 0) and return it as a JSON-able record.

    Every sample has its own random stream, derived from (seed, index): a sample does not depend on how many others are drawn.
    """
    transform = draw_transform(random_stream(seed, index), transforms, preset, spacing, flip_axes)
    return {"sample": index, "seed": seed, "preset": preset.value, "operators": transform.to_json()}


def recorded_transform(parameters: Mapping[str, Any]) -> SpatialTransform:
    """Return the transform of a recorded sample."""
    if "operators" not in parameters:
        raise ArgumentError("these are not the parameters of a test-time augmentation sample: they name no operators")
    return SpatialTransform.from_json(parameters["operators"])


def transforms_in_words(transforms: int, preset: TransformPreset | None) -> str:
    """Return how the copies are made, for people."""
    how_many = counted(transforms, "random transform", "random transforms")
    return f"{how_many} each" + ("" if preset is None else f" ({preset.value})")
