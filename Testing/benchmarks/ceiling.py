"""What could a perfect model of the embedded kind score? On the simulated cases of the embedded model's card.

Run from the project's folder: ``python Testing/benchmarks/ceiling.py --cases 40``. Two answers, as mean Dice against the
reference over the cases that have the class: simulated raters, who see everything but draw borders and doubtful parts each in
their own way, and the reference itself, once onto the network's grid of 5 x 1.5 x 1.5 mm and back.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from itertools import count, islice

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from hemorrhage.head_box import intracranial_box
from hemorrhage.head_ct import HeadCT
from hemorrhage.hemorrhage_class import SIX_CLASSES
from hemorrhage.nnunet.network_plans import read_plans
from hemorrhage.nnunet.preprocessing import working_grid
from hemorrhage.simulation import simulate_head_ct
from hemorrhage_training.embedded.evaluation import FIRST_UNSEEN_SEED, dice
from hemorrhage_training.embedded.plans import CONFIGURATION, embedded_dataset_json, embedded_plans
from hemorrhage_training.embedded.pool import labels_on_grid, unseen_shape

RATERS = 3
PLANS = read_plans(embedded_plans(), embedded_dataset_json(0), CONFIGURATION)
Labels = NDArray[np.uint8]


def there_and_back(ct: HeadCT, labels: Labels) -> Labels:
    """Return the labels as they come back from the network's grid: the class with the largest share wins, both times."""
    grid = working_grid(ct, PLANS, box=intracranial_box(ct))
    shares = F.one_hot(labels_on_grid(labels, grid).long(), len(SIX_CLASSES)).permute(3, 0, 1, 2).float()
    return grid.to_ct(shares).argmax(0).to(torch.uint8).numpy()


def main() -> None:
    """Print mean Dice by class."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=40)
    cases = parser.parse_args().cases
    simulated = (simulate_head_ct(seed, shape=unseen_shape(seed), raters=RATERS) for seed in count(FIRST_UNSEEN_SEED))
    scores: dict[tuple[str, str], list[float]] = defaultdict(list)
    for case in islice((case for case in simulated if case.labels.any()), cases):
        print(".", end="", file=sys.stderr, flush=True)
        answers = {"raters": case.raters, "grid": (there_and_back(case.ct, case.labels),)}
        for kind, maps in answers.items():
            for value, name in [*enumerate(SIX_CLASSES[1:], start=1), (0, "any hemorrhage")]:
                masks = [m == value if value else m > 0 for m in (case.labels, *maps)]
                if masks[0].any():
                    scores[kind, name].append(float(np.mean([dice(masks[0], other) for other in masks[1:]])))
    print("\n| class | cases | a rater | the network's grid |\n|---|---|---|---|")
    for name in (*SIX_CLASSES[1:], "any hemorrhage"):
        raters, grid = scores["raters", name], scores["grid", name]
        if raters:
            print(f"| {name} | {len(raters)} | {np.mean(raters):.2f} | {np.mean(grid):.2f} |")


if __name__ == "__main__":
    main()
