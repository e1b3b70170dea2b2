"""Which training window comes next: every subtype as often as the others, and windows without any."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from .augmentation import crop

_ABOUT_HEMORRHAGE = 0.67


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

    def draw(self, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Return image (d, h, w) float32 and labels (d, h, w) int64 of one window.

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
        with np.load(path) as case:
            image = torch.from_numpy(case["image"].astype(np.float32))
            labels = torch.from_numpy(case["labels"].astype(np.int64))
        return crop(image, labels, self.size, rng, centre)

    def _slices_of(self, path: Path) -> dict[int, list[int]]:
        """Return, per subtype value in the case, the slices that hold it."""
        if path not in self._slices:
            with np.load(path) as case:
                labels = case["labels"]
            self._slices[path] = {int(c): np.flatnonzero((labels == c).any(axis=(1, 2))).tolist() for c in np.unique(labels) if c}
        return self._slices[path]
