"""Places to look at: the largest clusters of uncertainty, ranked."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..anatomical_axes import AnatomicalAxes
from ..head_ct import HeadCT
from ..segmentation import PlaceToLookAt
from .lesions import NEIGHBOURHOOD

#: A voxel is uncertain where it is less sure than this split between two classes, whatever the number of classes.
UNCERTAIN_SPLIT = 0.8
#: Smaller clusters are not listed.
SMALLEST_PLACE_ML = 0.05
MOST_PLACES = 10
#: Classes with at least this mean probability over a cluster compete for it.
COMPETING_SHARE = 0.1


def uncertainty_threshold(class_count: int) -> float:
    """Return the normalised entropy of an 80:20 split between two of `class_count` classes (0.28 for six, 0.72 for two)."""
    p, q = UNCERTAIN_SPLIT, 1.0 - UNCERTAIN_SPLIT
    return -(p * math.log(p) + q * math.log(q)) / math.log(class_count)


def find_places(
    entropy: NDArray[np.float32],
    probabilities: NDArray[np.float32],
    classes: tuple[str, ...],
    ct: HeadCT,
    *,
    threshold: float | None = None,
    smallest_ml: float = SMALLEST_PLACE_ML,
    most: int = MOST_PLACES,
) -> tuple[PlaceToLookAt, ...]:
    """Return at most `most` clusters of uncertain voxels (26-neighbourhood), by decreasing integral of uncertainty.

    Parameters
    ----------
    entropy : (D, H, W) float32
        Normalised predictive entropy in [0, 1].
    probabilities : (C, D, H, W) float32
    classes : tuple of str
    ct : HeadCT
    threshold : float, optional
        Entropy that a voxel must exceed; `uncertainty_threshold` of the number of classes by default.
    smallest_ml : float
        Clusters below this volume are left out.
    most : int

    Returns
    -------
    tuple of PlaceToLookAt
        Equal scores keep the order of the array. Empty where nothing is uncertain.
    """
    cut = uncertainty_threshold(len(classes)) if threshold is None else threshold
    clusters, count = ndimage.label(entropy > cut, structure=NEIGHBOURHOOD)
    if count == 0:
        return ()
    voxel_ml = ct.voxel_volume_ml
    members = np.flatnonzero(clusters)  # ascending: everything below is in array order, hence deterministic
    numbers = clusters.ravel()[members]
    scores = np.bincount(numbers, weights=entropy.ravel()[members].astype(np.float64), minlength=count + 1) * voxel_ml
    volumes = np.bincount(numbers, minlength=count + 1) * voxel_ml
    scores[volumes < smallest_ml * (1 - 1e-9)] = 0.0
    order = [int(number) for number in np.argsort(-scores, kind="stable")[:most] if scores[number] > 0]
    boxes = ndimage.find_objects(clusters)
    superior = AnatomicalAxes.of(ct.affine).superior
    places = []
    for rank, number in enumerate(order, start=1):
        box = boxes[number - 1]
        mask = clusters[box] == number
        indices = np.argwhere(mask)
        values = entropy[box][mask]
        peak = float(values.max())
        summit = indices[values == values.max()]
        distances = np.linalg.norm((summit - indices.mean(axis=0)) @ ct.affine[:3, :3].T, axis=1)
        centre = summit[int(distances.argmin())] + [extent.start for extent in box]
        ras = ct.affine[:3, :3] @ centre + ct.affine[:3, 3]
        places.append(
            PlaceToLookAt(
                rank=rank,
                score_ml=float(scores[number]),
                volume_ml=float(volumes[number]),
                peak_uncertainty=peak,
                classes=_competitors(probabilities[(slice(None), *box)][:, mask], classes),
                centre_ras=(float(ras[0]), float(ras[1]), float(ras[2])),
                nearest_slice=int(centre[superior]),
            )
        )
    return tuple(places)


def _competitors(probabilities: NDArray[np.float32], classes: tuple[str, ...]) -> tuple[str, ...]:
    """Return the classes that compete for a cluster, most probable first; always at least two."""
    means = probabilities.mean(axis=1, dtype=np.float64)
    order = np.argsort(-means, kind="stable")
    count = max(2, int(np.count_nonzero(means >= COMPETING_SHARE)))
    return tuple(classes[index] for index in order[:count])
