"""Prepared cases as PyTorch data sets: slices with their neighbors to train with, whole stacks to validate with."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch.nn.functional import pad
from torch.utils.data import Dataset

from hemorrhage.slices.preprocessing import normalized_slices, square_corner

from .augmentation import AugmentationSettings, draw_variation, varied
from .slice_sampler import SliceDraw
from .slice_store import SliceCase

#: Slices (K, S, S) float32 and labels (K, S, S) int64; the middle one is the slice itself.
SliceBatch = tuple[torch.Tensor, torch.Tensor]


class TrainingSlices(Dataset[SliceBatch]):
    """Augmented slices, each with its neighbors.

    Parameters
    ----------
    cases : sequence of SliceCase
    image_size : int
    reach : int
        Neighbors on each side; at the ends of the stack the outermost slice stands for those that are missing.
    augmentation : AugmentationSettings
    """

    def __init__(self, cases: Sequence[SliceCase], image_size: int, reach: int, augmentation: AugmentationSettings) -> None:
        self._cases, self._size, self._reach, self._augmentation = cases, image_size, reach, augmentation

    def __getitem__(self, draw: SliceDraw) -> SliceBatch:
        case = self._cases[draw.case]
        wanted = np.clip(np.arange(draw.slice - self._reach, draw.slice + self._reach + 1), 0, case.slices - 1)
        images = torch.from_numpy(case.images()[wanted].astype(np.float32))
        labels = torch.from_numpy(case.labels()[wanted])
        variation = draw_variation(np.random.default_rng(draw.seed), self._augmentation)
        images, labels = varied(_square(images, self._size), _square(labels, self._size), variation)
        return normalized_slices(images, self._size)[:, 0], labels.long()


class ValidationStacks(Dataset[tuple[int, torch.Tensor, torch.Tensor]]):
    """Whole cases as they are: number of the case, normalized slices (D, 1, S, S) float32, labels (D, S, S) int64.

    Parameters
    ----------
    cases : sequence of SliceCase
    image_size : int
    """

    def __init__(self, cases: Sequence[SliceCase], image_size: int) -> None:
        self._cases, self._size = cases, image_size

    def __len__(self) -> int:
        return len(self._cases)

    def __getitem__(self, number: int) -> tuple[int, torch.Tensor, torch.Tensor]:
        case = self._cases[number]
        images = torch.from_numpy(case.images().astype(np.float32))
        labels = _square(torch.from_numpy(np.array(case.labels())), self._size)
        return number, normalized_slices(images, self._size), labels.long()


def _square(slices: torch.Tensor, size: int) -> torch.Tensor:
    """Put slices (K, h, w) into the middle of squares of 0, where `normalized_slices` puts them."""
    top, left = square_corner(slices, size)
    return pad(slices, (left, size - slices.shape[2] - left, top, size - slices.shape[1] - top))
