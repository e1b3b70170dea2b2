"""A data set in nnU-Net's raw format of five small heads, and what may be changed in it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from .data_set_trees import bleeding_head, load, save

NAMES = tuple(f"case_{k}" for k in range(5))
_DESCRIPTION = {
    "channel_names": {"0": "CT"},
    "labels": {"background": 0, "IPH": 1, "SDH": 2},
    "file_ending": ".nii.gz",
    "numTraining": 5,
}


def write_raw_heads(folder: Path) -> Path:
    """Write the data set without folds; returns it."""
    for seed, name in enumerate(NAMES):
        head = bleeding_head(("IPH", "SDH"), seed)
        save(folder / f"imagesTr/{name}_0000.nii.gz", head.hu.astype(np.int16))
        save(folder / f"labelsTr/{name}.nii.gz", np.array([0, 0, 1, 0, 0, 2], np.uint8)[head.labels])
    describe(folder)
    return folder


def describe(folder: Path, **changes: object) -> None:
    """Write ``dataset.json``."""
    (folder / "dataset.json").write_text(json.dumps({**_DESCRIPTION, **changes}))


def write_folds(folder: Path, *validation: str) -> None:
    """Write ``splits_final.json`` with one fold for each case that is to validate."""
    splits = [{"train": [name for name in NAMES if name != val], "val": [val]} for val in validation]
    (folder / "splits_final.json").write_text(json.dumps(splits))


def give_label_3(folder: Path) -> None:
    """Give a voxel of the second case a label that has no meaning."""
    path = folder / f"labelsTr/{NAMES[1]}.nii.gz"
    changed = load(path)
    changed[10, 20, 20] = 3
    save(path, changed)
