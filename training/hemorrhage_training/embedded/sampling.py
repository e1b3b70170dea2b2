"""Which training window comes next: every subtype as often as it needs to be, and windows without any."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from hemorrhage.hemorrhage_class import SIX_CLASSES

from .augmentation import crop

_ABOUT_HEMORRHAGE = 0.5
#: How often windows are cut about a subtype is this less its Dice: one that is called as it was drawn is still seen.
_MORE_THAN_PERFECT = 1.1
_STRIDES = (4, 16, 16)  # of the network, from its input to its deepest stage
#: Share of windows that are all slices of a case, as the engine shows them at once; the others are some whole slices. Instance
#: normalization sees as much air, bone and brain as the window holds: trained on other windows, a network calls bone's rim blood.
_ALL_SLICES = 0.25


class BalancedWindows:
    """Draws windows from a pool that may still grow.

    Every second window is cut about a subtype: however rare it is in the pool, and the more often the worse it is called
    at present. The others are cut anywhere, in any case. A window is whole slices: some of them, or all.

    Parameters
    ----------
    pool : Path
        Folder of preprocessed cases.
    slices : int
        How many are some.
    """

    def __init__(self, pool: Path, slices: int) -> None:
        self.pool, self.slices = pool, slices
        self._slices: dict[Path, dict[int, list[int]]] = {}

    def files(self) -> list[Path]:
        """Return the training cases that the pool holds at present."""
        return sorted(self.pool.glob("case_??????.npz"))

    def draw(
        self, rng: np.random.Generator, coarse: bool = False, dice: Sequence[float] = (0.0,) * len(SIX_CLASSES[1:])
    ) -> tuple[Tensor, Tensor]:
        """Return image (d, h, w) float32 and labels (d, h, w) int64 of one window.

        Parameters
        ----------
        rng : Generator
        coarse : bool
            A coarse window has half the pixels along rows and columns for the same field of view (up to what the network's
            strides need): a quarter of the work, in which a network learns where things are before it learns where they end.
        dice : sequence of float
            Of each subtype, in [0, 1], in the windows before this one; equal ones draw each subtype equally often.

        Raises
        ------
        FileNotFoundError
            The pool holds no cases.
        """
        files = self.files()
        if not files:
            raise FileNotFoundError(f"{self.pool} holds no cases: make some with the command 'simulate'")
        path, centre = files[rng.integers(len(files))], None
        if rng.random() < _ABOUT_HEMORRHAGE:
            holding: dict[int, list[Path]] = {}
            for file in files:
                for value in self._slices_of(file):
                    holding.setdefault(value, []).append(file)
            if holding:
                subtypes = sorted(holding)
                need = np.array([_MORE_THAN_PERFECT - dice[value - 1] for value in subtypes])
                subtype = subtypes[rng.choice(len(subtypes), p=need / need.sum())]
                path = holding[subtype][rng.integers(len(holding[subtype]))]
                slices = self._slices_of(path)[subtype]
                centre = slices[rng.integers(len(slices))]
        image, labels = read_case(path)
        d, h, w = self._drawn_size(rng, (image.shape[0], image.shape[1], image.shape[2]))
        if not coarse:
            return crop(image, labels, (d, h, w), rng, centre)
        h, w = (_next_multiple(n / 2, stride) for n, stride in zip((h, w), _STRIDES[1:], strict=True))
        return crop(*halved(image, labels), (d, h, w), rng, centre)

    def _drawn_size(self, rng: np.random.Generator, case: tuple[int, int, int]) -> tuple[int, int, int]:
        """Draw whether it is all slices, and return a size for a case of this shape: one that the network's strides divide."""
        d, h, w = (_next_multiple(n, stride) for n, stride in zip(case, _STRIDES, strict=True))
        return (d if rng.random() < _ALL_SLICES else min(d, self.slices)), h, w

    def _slices_of(self, path: Path) -> dict[int, list[int]]:
        """Return, per subtype value in the case, the slices that hold it."""
        if path not in self._slices:
            with np.load(path) as case:
                labels = case["labels"]
            self._slices[path] = {int(c): np.flatnonzero((labels == c).any(axis=(1, 2))).tolist() for c in np.unique(labels) if c}
        return self._slices[path]


def _next_multiple(n: float, stride: int) -> int:
    return math.ceil(n / stride) * stride


def read_case(path: Path) -> tuple[Tensor, Tensor]:
    """Read image (D, H, W) float32 and labels (D, H, W) int64 of a case of the pool."""
    with np.load(path) as case:
        return torch.from_numpy(case["image"].astype(np.float32)), torch.from_numpy(case["labels"].astype(np.int64))


def halved(image: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Take 2 x 2 pixels as one: their mean; hemorrhage where at least half of them is, then the largest value among them."""
    height, width = (n // 2 * 2 for n in labels.shape[1:])
    four = torch.stack([labels[:, i:height:2, j:width:2] for i in (0, 1) for j in (0, 1)])
    return F.avg_pool2d(image[:, None], 2)[:, 0], torch.where((four > 0).sum(0) >= 2, four.max(0).values, 0)
