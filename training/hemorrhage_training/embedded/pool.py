"""A pool of simulated cases, preprocessed once as the network will see them, on disk."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from hemorrhage.head_box import intracranial_box
from hemorrhage.head_ct import HeadCT
from hemorrhage.hemorrhage_class import SIX_CLASSES
from hemorrhage.nnunet.network_plans import NetworkPlans
from hemorrhage.nnunet.preprocessing import prepare, working_grid
from hemorrhage.sampling import WorkingGrid
from hemorrhage.simulation import simulate_head_ct
from hemorrhage.simulation.base import Base

# Acquisitions are drawn by the simulator; these are the sizes of the grid that the scanner reconstructs.
_MATRICES = (256, 320, 384)
_SLICES = (22, 44)

#: Share of the training cases whose anatomy is a deformed real head, where there is one.
_ON_A_BASE = 0.4


def labels_on_grid(labels: NDArray[np.uint8], grid: WorkingGrid) -> torch.Tensor:
    """Resample a label map from the CT's grid to the working grid: the class with the largest share wins.

    Parameters
    ----------
    labels : (D, H, W) uint8
    grid : WorkingGrid

    Returns
    -------
    (d, h, w) uint8 tensor of shape ``grid.shape``
    """
    boxed = grid.cut(labels)
    one_hot = torch.from_numpy(np.stack([boxed == c for c in range(len(SIX_CLASSES))])).float()
    share = F.interpolate(one_hot[None], grid.shape, mode="trilinear", align_corners=False)[0]
    return share.argmax(0).to(torch.uint8)


def _draw_shape(rng: np.random.Generator) -> tuple[int, int, int]:
    size = int(rng.choice(_MATRICES))
    return int(rng.integers(*_SLICES)), size, size


def simulate_training_case(seed: int, bases: Sequence[Base] = ()) -> tuple[HeadCT, NDArray[np.uint8], dict[str, Any]]:
    """Simulate one case with a random matrix, a random number of slices and, in some cases, a real head's anatomy."""
    rng = np.random.default_rng([seed, 0x7EED])
    shape = _draw_shape(rng)
    base = bases[int(rng.integers(len(bases)))] if bases and rng.random() < _ON_A_BASE else None
    case = simulate_head_ct(seed, shape=shape, base=base)
    return case.ct, case.labels, dict(case.description)


def unseen_shape(seed: int) -> tuple[int, int, int]:
    """Return slices, rows and columns of the test case of this seed."""
    return _draw_shape(np.random.default_rng([seed, 0x7EED]))


def simulate_unseen_case(seed: int, hemorrhage_free: bool) -> tuple[HeadCT, NDArray[np.uint8]]:
    """Simulate a test case: acquisitions as in training, always synthetic anatomy."""
    case = simulate_head_ct(seed, shape=unseen_shape(seed), classes=() if hemorrhage_free else None)
    return case.ct, case.labels


def fill_pool(folder: Path, plans: NetworkPlans, seeds: range, bases: Sequence[Base] = ()) -> Iterator[Path]:
    """Simulate and preprocess the cases of these seeds that the pool does not hold yet; yield each file when written."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed in seeds:
        path = folder / f"case_{seed:06d}.npz"
        if path.exists():
            continue
        ct, labels, description = simulate_training_case(seed, bases)
        prepared = prepare(ct, plans, working_grid(ct, plans, box=intracranial_box(ct)))
        partial = path.with_suffix(f".partial-{os.getpid()}.npz")
        np.savez(
            partial,
            image=prepared.data[0].numpy().astype(np.float16),
            labels=labels_on_grid(labels, prepared.grid).numpy(),
            description=np.array(json.dumps(description, default=float)),
        )
        partial.replace(path)
        yield path


def real_anatomy(files: Iterable[Path]) -> dict[str, int]:
    """Return how many of these cases deform a real head's anatomy, by the name of its file or folder."""
    counted: Counter[str] = Counter()
    for path in files:
        with np.load(path) as case:
            source = json.loads(str(case["description"]))["anatomy"].get("base")
        if source:
            counted[Path(source).name] += 1
    return dict(counted)
