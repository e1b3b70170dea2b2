"""The networks that SLEX-Net is compared with, trained by the same file with one key changed."""

import pytest
import torch
from safetensors.torch import load_file

from harness.slice_training_data import tiny_slice_config, write_config
from hemorrhage.models import verify_model
from hemorrhage_training.methods import run_training
from hemorrhage_training.train_config import read_config


@pytest.fixture(scope="module")
def folder(heads, work):
    def train(method):
        content = tiny_slice_config(heads, work, method=method, name=method, training={"epochs": 1})
        return run_training(read_config(write_config(work / f"{method}.yaml", content))).model

    return train


def test_dropout(folder):
    model = folder("dropout")
    assert verify_model(model).methods[0] == "dropout"
    assert '"dropout": 0.2' in (model / "slicenet.json").read_text()


def test_batch_normalization_takes_statistics_of_training_batches(folder):
    model = folder("mcbn")
    assert verify_model(model).methods[0] == "mcbn"
    statistics = load_file(model / "batch_statistics.safetensors")
    assert {len(values) for values in statistics.values()} == {3}
    first = next(iter(statistics.values()))
    assert not torch.equal(first[0], first[1])


def test_members_of_an_ensemble_differ(folder):
    model = folder("ensemble")
    assert verify_model(model).methods[0] == "ensemble"
    first, second = (load_file(model / f"weights_{k}.safetensors") for k in range(2))
    assert not torch.equal(first["head.weight"], second["head.weight"])
