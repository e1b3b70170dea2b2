"""Does a model beat a threshold that anybody could write down in an evening? On simulated cases that no training seed produced.

Run from the project's folder: ``python Testing/benchmarks/against_a_threshold.py --model default --cases 30``. The threshold: HU
smoothed by 1 mm, 50 to 90 HU inside of the skull (2 mm away from it), opened, largest component. A case's hematoma is the largest
connected part of its reference, at least 1 mL; it is found where at least a tenth of it is called hemorrhage. *Elsewhere* is the
share of the voxels called hemorrhage that are none.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from itertools import count

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

import hemorrhage
from hemorrhage.head_ct import HeadCT
from hemorrhage.hemorrhage_class import SIX_CLASSES
from hemorrhage.intracranial_mask import intracranial_mask
from hemorrhage_training.embedded.evaluation import FIRST_UNSEEN_SEED
from hemorrhage_training.embedded.pool import simulate_unseen_case

Mask = NDArray[np.bool_]
_LEAST_ML, _TENTH = 1.0, 0.1


def by_threshold(ct: HeadCT) -> Mask:
    """Return where the threshold calls hemorrhage."""
    inside = intracranial_mask(ct)
    if inside is None:
        return np.zeros(ct.shape, bool)
    inside = ndimage.distance_transform_edt(inside, sampling=ct.spacing) > 2.0
    smooth = ndimage.gaussian_filter(np.clip(ct.hu, -100, 200), [1.0 / s for s in ct.spacing])
    dense = ndimage.binary_opening(inside & (smooth > 50) & (smooth < 90), np.ones((1, 3, 3)))
    parts, number = ndimage.label(dense)
    return parts == 1 + np.argmax(np.bincount(parts.ravel(), minlength=2)[1:]) if number else dense


def hematoma(reference: NDArray[np.uint8], voxel_ml: float) -> Mask | None:
    """Return the largest connected part of any hemorrhage, or None below 1 mL."""
    parts, number = ndimage.label(reference > 0, np.ones((3, 3, 3)))
    if not number:
        return None
    sizes = np.bincount(parts.ravel())[1:]
    return parts == 1 + np.argmax(sizes) if sizes.max() * voxel_ml >= _LEAST_ML else None


def main() -> None:
    """Simulate, call, compare and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="default")
    parser.add_argument("--cases", type=int, default=30)
    parser.add_argument("--samples", type=int, default=5)
    arguments = parser.parse_args()

    def by_model(ct: HeadCT) -> Mask:
        segmented = hemorrhage.segment(ct, model=arguments.model, samples=arguments.samples)
        return np.asarray(segmented.labels) > 0

    callers: dict[str, Callable[[HeadCT], Mask]] = {"threshold": by_threshold, arguments.model: by_model}
    rows: dict[str, list[tuple[str, float, float, float]]] = {name: [] for name in callers}
    for seed in count(FIRST_UNSEEN_SEED):
        ct, reference = simulate_unseen_case(seed, hemorrhage_free=False)
        target = hematoma(reference, ct.voxel_volume_ml)
        if target is None:
            continue
        subtype = SIX_CLASSES[int(np.bincount(reference[target]).argmax())]
        for name, call in callers.items():
            called = call(ct)
            both = np.sum(called & (reference > 0))
            dice = 2 * both / max(called.sum() + (reference > 0).sum(), 1)
            rows[name].append((subtype, np.mean(called[target]), 1 - both / called.sum() if called.any() else np.nan, dice))
        print(f"{len(rows['threshold'])} of {arguments.cases}", end="\r", file=sys.stderr, flush=True)
        if len(rows["threshold"]) == arguments.cases:
            break
    print("| hematoma | cases | " + " | ".join(f"{name}: found | elsewhere, mean | Dice, mean" for name in callers) + " |")
    print("|---|---" + "|---" * 3 * len(callers) + "|")
    for subtype in (*SIX_CLASSES[1:], "any"):
        cells = []
        for of_caller in rows.values():
            chosen = [row for row in of_caller if subtype in (row[0], "any")]
            if not chosen:
                break
            found, elsewhere, dice = ([row[k] for row in chosen] for k in (1, 2, 3))
            cells.append(f"{np.mean(np.array(found) >= _TENTH):.0%} | {np.nanmean(elsewhere):.0%} | {np.mean(dice):.2f}")
        if cells:
            print(f"| {subtype} | {len(chosen)} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
