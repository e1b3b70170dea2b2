"""The samples' own label maps on the CT's grid, for those who want to look at each plausible segmentation."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray

from .memory import require_memory
from .posterior_maps import background_outside, first_argmax
from .sampling.sampler import Sample
from .sampling.working_grid import WorkingGrid


class KeptSamples:
    """Collects one label map per sample: one byte per voxel of the CT and sample.

    A sample is carried to the CT's grid as the mean is: its probabilities are resampled linearly, then the highest wins. Where a
    sample has no vote it is background. (`VolumeEstimate.samples_ml` counts on the working grid instead, so that it does not
    depend on whether samples are kept; the two differ by what resampling does at the edges.)

    Parameters
    ----------
    grid : WorkingGrid
        Where the samples lie.
    count : int
        How many samples will come.

    Raises
    ------
    ResourceError
        Main memory cannot hold them.
    """

    def __init__(self, grid: WorkingGrid, count: int) -> None:
        require_memory(count * math.prod(grid.ct_shape), f"keeping the label maps of {count} samples")
        self._grid = grid
        self._labels = np.zeros((count, *grid.ct_shape), dtype=np.uint8)
        self._samples = 0

    def add(self, sample: Sample) -> None:
        """Keep the label map of the next sample."""
        with torch.inference_mode():
            probabilities, valid = sample.probabilities, sample.valid
            outside = background_outside(probabilities)
            if valid is not None:
                probabilities = torch.where(valid, probabilities, outside[:, None, None, None])
            labels = first_argmax(self._grid.to_ct(probabilities, outside))
        self._labels[self._samples] = labels.cpu().numpy()
        self._samples += 1

    @property
    def labels(self) -> NDArray[np.uint8]:
        """(M, D, H, W): the label maps, in the order in which they were drawn."""
        return self._labels[: self._samples]
