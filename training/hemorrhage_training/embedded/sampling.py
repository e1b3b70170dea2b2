"""Which training window comes next: every subtype as often as the others, and windows without any."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from .augmentation import crop

_ABOUT_HEMORRHAGE = 0.67
_STRIDE = 16  # of the network in-plane, from its input to its deepest stage


class BalancedWindows:
    """Draws windows from a pool that may still grow.

    Two of three windows are cut about a subtype: each subtype equally often, however rare it is in the pool. The others
    are cut anywhere, in any case.

    Parameters
    ----------
    pool : Path
        Folder of preprocessed cases.
    size : tuple of int
        Window (d, h, w) in voxels.
    """

    def __init__(self, pool: Path, size: tuple[int, int, int]) -> None:
        self.pool, self.size = pool, size
        self._slices: dict[Path, dict[int, list[int]]] = {}

    def files(self) -> list[Path]:
        """Return the training cases that the pool holds at present."""
        return sorted(self.pool.glob("case_??????.npz"))

    def draw(self, rng: np.random.Generator, coarse: bool = False) -> tuple[Tensor, Tensor]:
        """Return image (d, h, w) float32 and labels (d, h, w) int64 of one window.

        A coarse window has half the pixels along rows and columns for the same field of view (up to what the network's strides
        need): a quarter of the work, in which a network learns where things are before it learns where they end.

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
                subtype = sorted(holding)[rng.integers(len(holding))]
                path = holding[subtype][rng.integers(len(holding[subtype]))]
                slices = self._slices_of(path)[subtype]
                centre = slices[rng.integers(len(slices))]
        if not coarse:
            return crop(*read_case(path), self.size, rng, centre)
        d, h, w = self.size[0], *(-(-n // (2 * _STRIDE)) * _STRIDE for n in self.size[1:])
        return crop(*halved(*read_case(path)), (d, h, w), rng, centre)

    def _slices_of(self, path: Path) -> dict[int, list[int]]:
        """Return, per subtype value in the case, the slices that hold it."""
        if path not in self._slices:
            with np.load(path) as case:
                labels = case["labels"]
            self._slices[path] = {int(c): np.flatnonzero((labels == c).any(axis=(1, 2))).tolist() for c in np.unique(labels) if c}
        return self._slices[path]


def read_case(path: Path) -> tuple[Tensor, Tensor]:
    """Read image (D, H, W) float32 and labels (D, H, W) int64 of a case of the pool."""
    with np.load(path) as case:
        return torch.from_numpy(case["image"].astype(np.float32)), torch.from_numpy(case["labels"].astype(np.int64))


def halved(image: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Take 2 x 2 pixels as one: their mean; hemorrhage where at least half of them is, then the largest value among them."""
    height, width = (n // 2 * 2 for n in labels.shape[1:])
    four = torch.stack([labels[:, i:height:2, j:width:2] for i in (0, 1) for j in (0, 1)])
    return F.avg_pool2d(image[:, None], 2)[:, 0], torch.where((four > 0).sum(0) >= 2, four.max(0).values, 0)
