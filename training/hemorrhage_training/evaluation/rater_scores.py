"""Several raters of one case: their majority, and how the method's samples compare with them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .case_scores import ANY, RaterScores
from .energy_distance import energy_distance
from .overlap import Overlap

#: Name of the row whose distance is the mean over the classes (the papers' GED).
MEAN_OF_CLASSES = "mean of classes"


def majority(label_maps: Sequence[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Return each voxel's most frequent label; of equally frequent ones the lowest."""
    labels = np.zeros_like(label_maps[0])
    most = np.zeros(labels.shape, dtype=np.uint8)
    for label in range(1 + max(int(each.max()) for each in label_maps)):
        votes = np.zeros(labels.shape, dtype=np.uint8)
        for each in label_maps:
            votes += each == label
        labels[votes > most] = label
        np.maximum(most, votes, out=most)
    return labels


def score_raters(
    samples: Sequence[NDArray[np.uint8]],
    predicted: NDArray[np.uint8],
    raters: Sequence[NDArray[np.uint8]],
    classes: Sequence[str],
) -> tuple[RaterScores, ...]:
    """Compare samples and final label map with raters: per class, as the mean of classes, and all hemorrhage as one.

    Parameters
    ----------
    samples : sequence of (D, H, W) uint8
        At least one.
    predicted : (D, H, W) uint8
    raters : sequence of (D, H, W) uint8
    classes : sequence of str
        Index = label value.
    """
    foreground = range(1, len(classes))
    rows = [(name, samples, predicted, raters, [label]) for label, name in zip(foreground, classes[1:], strict=True)]
    if len(rows) > 1:
        rows.append((MEAN_OF_CLASSES, samples, predicted, raters, list(foreground)))
    rows.append((ANY, [_any(each) for each in samples], _any(predicted), [_any(each) for each in raters], [1]))
    return tuple(_score(*row) for row in rows)


def _score(
    name: str,
    samples: Sequence[NDArray[np.uint8]],
    predicted: NDArray[np.uint8],
    raters: Sequence[NDArray[np.uint8]],
    labels: Sequence[int],
) -> RaterScores:
    distance = energy_distance(samples, raters, labels)
    dice = [Overlap.of(predicted == label, rater == label).dice for rater in raters for label in labels]
    defined = [value for value in dice if value is not None]
    return RaterScores(
        name=name,
        samples=len(samples),
        raters=len(raters),
        ged=distance.squared,
        sample_diversity=distance.sample_diversity,
        rater_diversity=distance.rater_diversity,
        dice=float(np.mean(defined)) if defined else None,
    )


def _any(labels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return (labels > 0).astype(np.uint8)
