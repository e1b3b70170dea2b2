"""A tiny data set in nnU-Net's raw format, and configurations of 2D methods that train on it in seconds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from harness.data_set_trees import CLASSES, bleeding_head, save

DATASET = "Dataset777_Heads"
NAMES = ("IPH", "SDH")


def write_slice_training_data(root: Path, cases: int = 4) -> Path:
    """Write heads with an intraparenchymal and a subdural hemorrhage each; the last one validates in fold 0."""
    folder = root / DATASET
    names = [f"case_{k}" for k in range(cases)]
    for seed, name in enumerate(names):
        head = bleeding_head(NAMES, seed)
        labels = np.zeros_like(head.labels)
        for value, kept in enumerate(NAMES, 1):
            labels[head.labels == 1 + CLASSES.index(kept)] = value
        save(folder / "imagesTr" / f"{name}_0000.nii.gz", head.hu.astype(np.int16), head.affine)
        save(folder / "labelsTr" / f"{name}.nii.gz", labels, head.affine)
    dataset = {
        "channel_names": {"0": "CT"},
        "labels": {name: value for value, name in enumerate(("background", *NAMES))},
        "numTraining": cases,
        "file_ending": ".nii.gz",
    }
    (folder / "dataset.json").write_text(json.dumps(dataset))
    (folder / "splits_final.json").write_text(json.dumps([{"train": names[:-1], "val": names[-1:]}]))
    return folder


def tiny_slice_config(data: Path, work: Path, **changes: Any) -> dict[str, Any]:
    """Return the content of a configuration; `changes` replace or add to its sections."""
    config: dict[str, Any] = {
        "method": "slexnet",
        "data": str(data),
        "work": str(work),
        "name": "tiny",
        "card": {"license": "Apache-2.0", "data": "heads of ellipsoids"},
        "network": {"channels": [4, 8], "image_size": 32},
        "sampling": {"batch": 2, "slices_per_epoch": 8},
        "training": {"first_epochs": 2, "epochs": 2, "rate": 0.01, "decay": 0.5, "decay_every": 1},
        "machine": {"accelerator": "cpu", "workers": 0, "processes": 1},
        "ensemble": {"members": 2},
        "mcbn": {"batches": 3},
    }
    for key, value in changes.items():
        config[key] = {**config[key], **value} if isinstance(value, dict) and key in config else value
    return config


def write_config(path: Path, config: dict[str, Any]) -> Path:
    """Write a configuration as YAML."""
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    return path
