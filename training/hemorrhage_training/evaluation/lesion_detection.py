"""Lesion by lesion: which reference lesions were found, and which predicted ones are false."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

#: A lesion counts as matched if at least this share of its voxels lies in the other mask.
MATCHED_SHARE = 0.1
#: Voxels that share a face, an edge or a corner belong together, as in the engine's list of lesions.
_NEIGHBOURHOOD = np.ones((3, 3, 3), dtype=bool)


@dataclass(frozen=True)
class LesionCounts:
    """Lesions of one class in one case.

    Attributes
    ----------
    reference, found : int
        Lesions of the reference, and those of them that the prediction matches.
    predicted, false_positive : int
        Lesions of the prediction, and those of them that the reference does not match.
    """

    reference: int
    found: int
    predicted: int
    false_positive: int


def count_lesions(
    predicted: NDArray[np.bool_], reference: NDArray[np.bool_], voxel_ml: float, smallest_ml: float = 0.0
) -> LesionCounts:
    """Match the connected components of two masks.

    A lesion is matched if at least `MATCHED_SHARE` of it lies in the other mask: touching with one voxel is not enough, and
    one large predicted lesion may match several of the reference.

    Parameters
    ----------
    predicted, reference : (D, H, W) bool
    voxel_ml : float
        Volume of a voxel in mL.
    smallest_ml : float
        Lesions below this volume are neither missed nor false; their voxels still match others.
    """
    true, found = _matched(reference, predicted, voxel_ml, smallest_ml)
    claimed, right = _matched(predicted, reference, voxel_ml, smallest_ml)
    return LesionCounts(reference=true, found=found, predicted=claimed, false_positive=claimed - right)


def _matched(mask: NDArray[np.bool_], other: NDArray[np.bool_], voxel_ml: float, smallest_ml: float) -> tuple[int, int]:
    """Return how many lesions of at least `smallest_ml` mL `mask` has, and how many of them `other` matches."""
    box = ndimage.find_objects(mask.view(np.uint8))[:1]
    if not box:
        return 0, 0
    components, count = ndimage.label(mask[box[0]], _NEIGHBOURHOOD)
    sizes = np.bincount(components.ravel(), minlength=count + 1)[1:]
    hits = np.bincount(components[other[box[0]]], minlength=count + 1)[1:]
    # A hair below, so that a lesion of exactly the limit counts whatever the rounding of the product.
    counted = sizes * voxel_ml >= smallest_ml * (1 - 1e-9)
    return int(counted.sum()), int((counted & (hits >= MATCHED_SHARE * sizes)).sum())
