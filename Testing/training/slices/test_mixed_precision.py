"""Training in mixed precision: half the bits in the passes, all of them in losses, figures and stored weights."""

import json

import pytest
import torch

from harness.slice_training_data import tiny_slice_config, write_config
from hemorrhage.models.model_folder import read_safetensors
from hemorrhage_training.methods import run_training
from hemorrhage_training.train_config import read_config


def test_bfloat16_comes_to_nearly_the_same_figures(heads, tmp_path):
    figures, models = [], []
    for precision in ("32-true", "bf16-mixed"):
        name = precision.replace("-", "")
        content = tiny_slice_config(
            heads, tmp_path, method="dropout", name=name, training={"epochs": 2}, machine={"precision": precision}
        )
        models.append(run_training(read_config(write_config(tmp_path / f"{name}.yaml", content))).model)
        log = tmp_path / "runs" / name / "member_0" / "epochs.jsonl"
        figures.append([json.loads(line) for line in log.read_text().splitlines()])
    for whole, mixed in zip(*figures, strict=True):
        assert mixed["train_loss"] != whole["train_loss"]
        assert mixed["train_loss"] == pytest.approx(whole["train_loss"], rel=0.05)
        assert mixed["nll"] == pytest.approx(whole["nll"], rel=0.1)
    weights = read_safetensors(models[1] / "weights.safetensors")
    assert {tensor.dtype for tensor in weights.values() if tensor.is_floating_point()} == {torch.float32}
