"""A preprocessed nnU-Net data set of a few tiny CTs, made with nnU-Net's own preprocessor in seconds, and trainers on it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk
import torch

from .tiny_nnunet import tiny_dataset, tiny_plans

DATASET = "Dataset999_Tiny"
CASES = 5


def write_tiny_training_data(root: Path, cases: int = CASES) -> Path:
    """Write raw, preprocessed and results folders below `root`; return the preprocessed data set.

    Each case is a noisy head of 40 HU with one bright ball (IPH) and one bright slab (SDH) at changing places.
    """
    from nnunetv2.preprocessing.preprocessors.default_preprocessor import DefaultPreprocessor
    from nnunetv2.utilities.plans_handling.plans_handler import PlansManager

    for kind in ("raw", "preprocessed", "results"):
        (root / kind).mkdir(parents=True)
    base = root / "preprocessed" / DATASET
    target = base / "nnUNetPlans_3d_fullres"
    target.mkdir(parents=True)
    plans, dataset = tiny_plans(), {**tiny_dataset(), "numTraining": cases}
    (base / "nnUNetPlans.json").write_text(json.dumps(plans))
    (base / "dataset.json").write_text(json.dumps(dataset))
    (base / "dataset_fingerprint.json").write_text("{}")
    keys = [f"case_{k}" for k in range(cases)]
    (base / "splits_final.json").write_text(json.dumps([{"train": keys[:-1], "val": keys[-1:]}]))
    manager = PlansManager(plans)
    for number, key in enumerate(keys):
        image, labels = _case(np.random.default_rng(number))
        paths = [root / "raw" / f"{key}_0000.nii.gz", root / "raw" / f"{key}.nii.gz"]
        for array, path in zip((image, labels), paths, strict=True):
            written = sitk.GetImageFromArray(array)
            written.SetSpacing((1.0, 1.0, 5.0))
            sitk.WriteImage(written, str(path))
        DefaultPreprocessor(verbose=False).run_case_save(
            str(target / key), [str(paths[0])], str(paths[1]), manager, manager.get_configuration("3d_fullres"), dataset
        )
    return base


def use_tiny_training_data(monkeypatch: Any, root: Path) -> None:
    """Point nnU-Net's environment variables at the folders of `write_tiny_training_data`."""
    for kind in ("raw", "preprocessed", "results"):
        monkeypatch.setenv(f"nnUNet_{kind}", str(root / kind))
    monkeypatch.setenv("nnUNet_n_proc_DA", "0")
    monkeypatch.setenv("nnUNet_compile", "false")


def tiny_trainer(trainer_class: type, base: Path, **settings: Any) -> Any:
    """Return a trainer on the CPU; `settings` are those of the uncertainty-aware one."""
    plans = json.loads((base / "nnUNetPlans.json").read_text())
    if settings:
        plans["uncertainty_weighting"] = settings
    plans["continue_training"] = False
    dataset = json.loads((base / "dataset.json").read_text())
    return trainer_class(plans, "3d_fullres", 0, dataset, device=torch.device("cpu"))


def _case(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    shape = (12, 40, 40)
    at = np.indices(shape)
    labels = np.zeros(shape, np.uint8)
    center = rng.uniform((4, 12, 12), (8, 28, 28))
    labels[((at[0] - center[0]) * 5) ** 2 + (at[1] - center[1]) ** 2 + (at[2] - center[2]) ** 2 < 60] = 1
    labels[3:9, 12:30, 2:5] = 2
    image = 35 + 8 * rng.standard_normal(shape) + 35 * (labels > 0)
    return image.astype(np.float32), labels
