"""What a run shows before it is finished: the maps of the samples drawn so far."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Preview:
    """The state of a run after some samples; every map has the CT's shape (D, H, W).

    With all samples drawn, `labels` and `entropy` are those of the result.

    Attributes
    ----------
    samples : int
        Samples drawn so far, k >= 1.
    labels : (D, H, W) uint8
        Label of the highest mean probability.
    entropy : (D, H, W) float32
        Entropy of the mean divided by log C, in [0, 1].
    variance : (D, H, W) float32
        Population variance over the samples summed over classes, in [0, 1 - 1/C]; 0 everywhere after one sample.
    volumes_ml : mapping of class name to mL
        Volumes in `labels`, in label order, then ``total``.
    """

    samples: int
    labels: NDArray[np.uint8]
    entropy: NDArray[np.float32]
    variance: NDArray[np.float32]
    volumes_ml: Mapping[str, float]


PreviewCallback = Callable[[Preview], None]


def is_previewed(samples: int) -> bool:
    """Whether a preview is made after this many samples: 1, 2, 4, 8, ... - each has half the variance of the one before."""
    return samples > 0 and samples & (samples - 1) == 0


def label_volumes_ml(labels: NDArray[np.uint8], classes: tuple[str, ...], voxel_volume_ml: float) -> dict[str, float]:
    """Return the volume of each foreground class in a label map, and their ``total``, in mL."""
    voxels = np.bincount(labels.ravel(), minlength=len(classes))[1:]
    volumes = {name: float(count) * voxel_volume_ml for name, count in zip(classes[1:], voxels, strict=True)}
    return {**volumes, "total": float(voxels.sum()) * voxel_volume_ml}
