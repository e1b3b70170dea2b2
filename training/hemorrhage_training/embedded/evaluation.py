"""The figures of the embedded model's card: unseen simulated cases, hemorrhage-free ones, and a real CT."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

import hemorrhage
from hemorrhage.head_ct import HeadCT
from hemorrhage.hemorrhage_class import SIX_CLASSES
from hemorrhage.segmentation import Segmentation

FIRST_UNSEEN_SEED = 1_000_000
_CONNECTED = np.ones((3, 3, 3), dtype=bool)
#: A reference lesion counts as found if at least this share of it is called hemorrhage of any subtype.
FOUND_SHARE = 0.1


def unseen_cases(count: int, *, hemorrhage_free: bool) -> Iterator[tuple[HeadCT, NDArray[np.uint8]]]:
    """Simulate cases whose seeds no training case used; acquisitions vary as in training, the anatomy is synthetic."""
    from .pool import simulate_unseen_case

    seed, found = FIRST_UNSEEN_SEED + (500_000 if hemorrhage_free else 0), 0
    while found < count:
        ct, labels = simulate_unseen_case(seed, hemorrhage_free)
        seed += 1
        if hemorrhage_free or labels.any():
            found += 1
            yield ct, labels


def dice(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> float:
    """Dice of two masks that are not both empty."""
    return float(2 * np.count_nonzero(a & b) / (np.count_nonzero(a) + np.count_nonzero(b)))


def lesions_found(reference: NDArray[np.bool_], predicted: NDArray[np.bool_], voxel_ml: float, above_ml: float) -> list[bool]:
    """Return, for each connected reference lesion of more than `above_ml` mL, whether it was found (see `FOUND_SHARE`)."""
    components, count = ndimage.label(reference, _CONNECTED)
    sizes = np.bincount(components.ravel(), minlength=count + 1)
    hit = np.bincount(components[predicted], minlength=count + 1)
    return [bool(hit[i] >= FOUND_SHARE * sizes[i]) for i in range(1, count + 1) if sizes[i] * voxel_ml > above_ml]


class CardFigures:
    """Collects cases one at a time; `summary` gives the card's figures."""

    def __init__(self) -> None:
        self.dice: dict[str, list[float]] = defaultdict(list)
        self.volume_error: dict[str, list[float]] = defaultdict(list)
        self.found: dict[str, list[bool]] = defaultdict(list)
        self.false_positive_ml: list[float] = []

    def add(self, segmentation: Segmentation, reference: NDArray[np.uint8]) -> None:
        """Add a case that has hemorrhage."""
        labels, voxel_ml = segmentation.labels, segmentation.ct.voxel_volume_ml
        masks = {name: (labels == value, reference == value) for value, name in enumerate(SIX_CLASSES) if value}
        masks["any hemorrhage"] = (labels > 0, reference > 0)
        for name, (predicted, true) in masks.items():
            if not true.any():
                continue
            self.dice[name].append(dice(predicted, true))
            self.volume_error[name].append((np.count_nonzero(predicted) - np.count_nonzero(true)) * voxel_ml)
            self.found[name] += lesions_found(true, labels > 0, voxel_ml, above_ml=1.0)

    def add_hemorrhage_free(self, segmentation: Segmentation) -> None:
        """Add a case that has none."""
        self.false_positive_ml.append(segmentation.total_ml)

    def summary(self) -> dict[str, Any]:
        """Return the figures; every mean is over the cases in which the reference has the class."""
        rows = {
            name: {
                "cases": len(scores),
                "dice": round(float(np.mean(scores)), 3),
                "volume_bias_ml": round(float(np.mean(self.volume_error[name])), 2),
                "volume_mean_absolute_error_ml": round(float(np.mean(np.abs(self.volume_error[name]))), 2),
                "lesions_over_1_ml": len(self.found[name]),
                "sensitivity_over_1_ml": round(float(np.mean(self.found[name])), 3) if self.found[name] else None,
            }
            for name, scores in self.dice.items()
        }
        subtypes = [float(np.mean(self.dice[name])) for name in SIX_CLASSES[1:] if name in self.dice]
        free = self.false_positive_ml
        return {
            "by_class": {name: rows[name] for name in (*SIX_CLASSES[1:], "any hemorrhage") if name in rows},
            "mean_foreground_dice": round(float(np.mean(subtypes)), 3) if subtypes else None,
            "hemorrhage_free_cases": len(free),
            "false_positive_ml_mean": round(float(np.mean(free)), 3) if free else None,
            "false_positive_ml_max": round(float(np.max(free)), 3) if free else None,
        }


def evaluate_embedded(model: Path, unseen: int, hemorrhage_free: int, samples: int, real: HeadCT | None = None) -> dict[str, Any]:
    """Run the model as a user would (MC-TTA with `samples` samples) and return the card's figures."""
    figures = CardFigures()
    for ct, labels in unseen_cases(unseen, hemorrhage_free=False):
        figures.add(hemorrhage.segment(ct, model=model, samples=samples), labels)
    for ct, _ in unseen_cases(hemorrhage_free, hemorrhage_free=True):
        figures.add_hemorrhage_free(hemorrhage.segment(ct, model=model, samples=samples))
    summary = figures.summary()
    summary["samples"] = samples
    if real is not None:
        summary["real_hemorrhage_free_ct_ml"] = round(hemorrhage.segment(real, model=model, samples=samples).total_ml, 3)
    return summary
