"""The figures of the embedded model's card: unseen simulated cases, hemorrhage-free ones, and a real CT."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import count, islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

import hemorrhage
from hemorrhage.head_ct import HeadCT
from hemorrhage.hemorrhage_class import SIX_CLASSES
from hemorrhage.page_reuse import reuse_freed_memory
from hemorrhage.segmentation import Segmentation

FIRST_UNSEEN_SEED = 1_000_000
_CONNECTED = np.ones((3, 3, 3), dtype=bool)
#: A reference lesion counts as found if at least this share of it is called hemorrhage of any subtype.
FOUND_SHARE = 0.1


def dice(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> float:
    """Dice of two masks that are not both empty."""
    return float(2 * np.count_nonzero(a & b) / (np.count_nonzero(a) + np.count_nonzero(b)))


def lesions_found(reference: NDArray[np.bool_], predicted: NDArray[np.bool_], voxel_ml: float, above_ml: float) -> list[bool]:
    """Return, for each connected reference lesion of more than `above_ml` mL, whether it was found (see `FOUND_SHARE`)."""
    components, count = ndimage.label(reference, _CONNECTED)
    sizes = np.bincount(components.ravel(), minlength=count + 1)
    hit = np.bincount(components[predicted], minlength=count + 1)
    return [bool(hit[i] >= FOUND_SHARE * sizes[i]) for i in range(1, count + 1) if sizes[i] * voxel_ml > above_ml]


@dataclass(frozen=True)
class ClassScore:
    """One class of one case: Dice, predicted minus true volume in mL, and whether each lesion over 1 mL was found."""

    dice: float
    volume_error_ml: float
    found: list[bool]


def class_scores(segmentation: Segmentation, reference: NDArray[np.uint8]) -> dict[str, ClassScore]:
    """Score each class that model and reference have, and ``any hemorrhage``; a model of one class knows no subtypes."""
    labels, voxel_ml = segmentation.labels, segmentation.ct.voxel_volume_ml
    subtypes = SIX_CLASSES[1:] if segmentation.classes == SIX_CLASSES else ()
    masks = {name: (labels == value, reference == value) for value, name in enumerate(subtypes, start=1)}
    masks["any hemorrhage"] = (labels > 0, reference > 0)
    return {
        name: ClassScore(
            dice(predicted, true),
            (np.count_nonzero(predicted) - np.count_nonzero(true)) * voxel_ml,
            lesions_found(true, labels > 0, voxel_ml, above_ml=1.0),
        )
        for name, (predicted, true) in masks.items()
        if true.any()
    }


class CardFigures:
    """Collects cases one at a time; `summary` gives the card's figures."""

    def __init__(self) -> None:
        self.dice: dict[str, list[float]] = defaultdict(list)
        self.volume_error: dict[str, list[float]] = defaultdict(list)
        self.found: dict[str, list[bool]] = defaultdict(list)
        self.false_positive_ml: list[float] = []

    def add(self, scores: Mapping[str, ClassScore]) -> None:
        """Add a case that has hemorrhage."""
        for name, score in scores.items():
            self.dice[name].append(score.dice)
            self.volume_error[name].append(score.volume_error_ml)
            self.found[name] += score.found

    def add_hemorrhage_free(self, total_ml: float) -> None:
        """Add a case that has none, with what was called hemorrhage in it."""
        self.false_positive_ml.append(total_ml)

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


def evaluate_embedded(
    model: Path, unseen: int, hemorrhage_free: int, samples: int, real: HeadCT | None = None, jobs: int = 1
) -> dict[str, Any]:
    """Run the model as a user would (MC-TTA with `samples` samples) on cases that no training seed produced.

    Acquisitions vary as in training, the anatomy is synthetic. `jobs` processes share the cases; the figures do not depend on it.
    """
    figures = CardFigures()
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        score = partial(_score_unseen, model, samples)
        seeds, counted = count(FIRST_UNSEEN_SEED), 0
        while counted < unseen:  # some cases have no hemorrhage by chance
            for scores in pool.map(score, islice(seeds, min(2 * jobs, unseen - counted))):
                if scores:
                    counted += 1
                    figures.add(scores)
        free = range(FIRST_UNSEEN_SEED + 500_000, FIRST_UNSEEN_SEED + 500_000 + hemorrhage_free)
        for total_ml in pool.map(partial(_false_positive_ml, model, samples), free):
            figures.add_hemorrhage_free(total_ml)
    summary = figures.summary()
    summary["samples"] = samples
    if real is not None:
        summary["real_hemorrhage_free_ct_ml"] = round(hemorrhage.segment(real, model=model, samples=samples).total_ml, 3)
    return summary


def _score_unseen(model: Path, samples: int, seed: int) -> dict[str, ClassScore]:
    from .pool import simulate_unseen_case

    reuse_freed_memory()
    ct, labels = simulate_unseen_case(seed, hemorrhage_free=False)
    return class_scores(hemorrhage.segment(ct, model=model, samples=samples), labels) if labels.any() else {}


def _false_positive_ml(model: Path, samples: int, seed: int) -> float:
    from .pool import simulate_unseen_case

    reuse_freed_memory()
    ct, _ = simulate_unseen_case(seed, hemorrhage_free=True)
    return hemorrhage.segment(ct, model=model, samples=samples).total_ml
