"""Samples without hemorrhage outside of the skull: scalp, face and neck cannot hold what this program looks for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..head_ct import HeadCT
from .sampler import Sample, Sampler
from .working_grid import WorkingGrid

if TYPE_CHECKING:
    import torch

#: Beyond the found border, for what its rounding and partial volume may have left out of a thin hematoma.
MARGIN_MM = 2.0

#: Said of a CT in which no inside of a skull was found.
NO_SKULL = "no inside of a skull was found in the CT: hemorrhage may be called outside of it too, so look at the whole picture"


class WithinSkull:
    """Any sampler, with probability 1 of background further than `MARGIN_MM` outside of the intracranial space.

    The space comes from `hemorrhage.intracranial_mask`, without a network. Where none is found (no skull in view) the
    samples stay as they are.

    Parameters
    ----------
    sampler : Sampler
    report : callable, optional
        Receives a sentence where no space was found.
    """

    def __init__(self, sampler: Sampler, report: Callable[[str], None] | None = None) -> None:
        self.sampler = sampler
        self._report = report

    @property
    def largest_count(self) -> int | None:
        """As the sampler's own."""
        return self.sampler.largest_count

    @property
    def samples_per_draw(self) -> int:
        """As the sampler's own."""
        return self.sampler.samples_per_draw

    def in_words(self, count: int) -> str:
        """Return the sampler's own words: the restriction belongs to the model, not to the method."""
        return self.sampler.in_words(count)

    def grid(self, ct: HeadCT) -> WorkingGrid:
        """Return the sampler's own grid."""
        return self.sampler.grid(ct)

    def draw(self, ct: HeadCT, count: int, seed: int) -> Iterator[Sample]:
        """Yield the sampler's samples, restricted."""
        from ..intracranial_mask import intracranial_mask

        mask = intracranial_mask(ct)
        samples = self.sampler.draw(ct, count, seed)
        if mask is None:
            if self._report is not None:
                self._report(NO_SKULL)
            return samples
        allowed = region_on_grid(mask, self.sampler.grid(ct))
        return (replace(sample, probabilities=restrict(sample.probabilities, allowed)) for sample in samples)


def restrict(probabilities: torch.Tensor, allowed: torch.Tensor) -> torch.Tensor:
    """Return class probabilities (C, D, H, W) that are background, with certainty, where `allowed` (D, H, W) is false."""
    import torch

    background = torch.zeros_like(probabilities)
    background[0] = 1
    return torch.where(allowed.to(probabilities.device), probabilities, background)


def region_on_grid(mask: NDArray[np.bool_], grid: WorkingGrid, margin_mm: float = MARGIN_MM) -> torch.Tensor:
    """Bring a mask (bool) from the CT's grid to a working grid, grown by `margin_mm`.

    Returns
    -------
    bool tensor of the working grid's shape
    """
    import torch
    from scipy import ndimage

    boxed = torch.from_numpy(grid.cut(mask).astype(np.float32))
    share = torch.nn.functional.interpolate(boxed[None, None], grid.shape, mode="trilinear", align_corners=False)[0, 0]
    inside = (share >= 0.5).numpy()
    distance = ndimage.distance_transform_edt(~inside, sampling=grid.spacing)
    return torch.from_numpy(distance <= margin_mm)
