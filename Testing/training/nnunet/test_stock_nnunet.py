"""Stock nnU-Net's own command trains with our trainer, found through its variable for external trainers."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from harness.tiny_nnunet_training import DATASET, use_tiny_training_data
from hemorrhage.models.nnunet_folder import read_checkpoint

TRAINERS = Path(__file__).parents[3] / "training" / "nnunet_trainers"
NAME = "nnUNetTrainerUncertaintyAware"
#: Looking for a trainer, nnU-Net imports all of its own, those of its Transformer networks too. These need torchvision, which a
#: machine may have for another build of torch than its own: then, and only then, the module that asks for it is left out.
COMMAND = """
import sys
from unittest.mock import MagicMock
try:
    import torchvision
except (ImportError, RuntimeError):
    sys.modules["dynamic_network_architectures.architectures.primus"] = MagicMock()
from nnunetv2.run.run_training import run_training_entry
run_training_entry()
"""


def test_stock_command_trains_by_the_settings_in_the_plans(tiny_training_root, tmp_path, monkeypatch):
    root = Path(shutil.copytree(tiny_training_root, tmp_path / "nnunet"))
    use_tiny_training_data(monkeypatch, root)
    base = root / "preprocessed" / DATASET
    (base / "gt_segmentations").mkdir()
    for labels in (root / "raw").glob("case_?.nii.gz"):
        shutil.copy(labels, base / "gt_segmentations")
    settings = {"lam": 20, "epochs": 1, "iterations": 2, "validation_iterations": 1, "samples": 2, "every": 1}
    plans = {**json.loads((base / "nnUNetPlans.json").read_text()), "plans_name": "weightedPlans"}
    (base / "weightedPlans.json").write_text(json.dumps({**plans, "uncertainty_weighting": settings}))
    arguments = [DATASET, "3d_fullres", "0", "-tr", NAME, "-p", "weightedPlans", "-device", "cpu"]
    ended = subprocess.run(
        [sys.executable, "-c", COMMAND, *arguments],
        env={**os.environ, "nnUNet_extTrainer": str(TRAINERS), "OMP_NUM_THREADS": "1", "nnUNet_def_n_proc": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert f"Using trainer '{NAME}' from: {TRAINERS}" in ended.stdout
    assert "uncertainty: mean U" in ended.stdout
    fold = root / "results" / DATASET / f"{NAME}__weightedPlans__3d_fullres" / "fold_0"
    assert read_checkpoint(fold / "checkpoint_final.pth")["trainer_name"] == NAME
    assert (fold / "validation" / "summary.json").is_file()
