"""Two distributions of label maps compared: generalised energy distance (stochastic segmentation networks, Eq. 8)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class EnergyDistance:
    """How the samples of a method and the raters' label maps differ, by d = 1 - IoU.

    Expectations run over all pairs, a label map with itself included, so that the distance of a set to itself is 0.

    Attributes
    ----------
    squared : float
        ``D^2 = 2 E d(sample, rater) - E d(sample, sample') - E d(rater, rater')``, in [0, 2].
    sample_diversity, rater_diversity : float
        ``E d(sample, sample')`` and ``E d(rater, rater')``, in [0, 1].
    """

    squared: float
    sample_diversity: float
    rater_diversity: float


def energy_distance(
    samples: Sequence[NDArray[np.unsignedinteger]], raters: Sequence[NDArray[np.unsignedinteger]], labels: Sequence[int]
) -> EnergyDistance:
    """Compare two sets of label maps.

    d is the mean over `labels` of 1 - IoU; a class that is absent from both label maps of a pair adds 0.

    Parameters
    ----------
    samples, raters : sequences of (D, H, W) unsigned integers
        At least one each.
    labels : sequence of int
        The foreground classes to average over.
    """
    maps = [*samples, *raters]
    anywhere = np.zeros(maps[0].shape, dtype=bool)
    for each in maps:
        anywhere |= each > 0
    # Voxels that are background in all maps change no IoU: leaving them out saves nearly all of the work.
    voxels = np.stack([each[anywhere] for each in maps])
    distances = np.mean([_distances(voxels == label) for label in labels], axis=0)
    own = slice(0, len(samples))
    other = slice(len(samples), None)
    between = float(distances[own, other].mean())
    diversity, spread = float(distances[own, own].mean()), float(distances[other, other].mean())
    return EnergyDistance(squared=2 * between - diversity - spread, sample_diversity=diversity, rater_diversity=spread)


def _distances(masks: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return 1 - IoU of every pair of (N, V) masks, (N, N); 0 where both are empty."""
    sizes = np.count_nonzero(masks, axis=1).astype(np.float64)
    shared = np.empty((len(masks), len(masks)))
    for row, mask in enumerate(masks):
        shared[row] = np.count_nonzero(masks[:, mask], axis=1)
    union = sizes[:, None] + sizes[None] - shared
    return np.asarray(1 - np.divide(shared, union, out=np.ones_like(shared), where=union > 0))
