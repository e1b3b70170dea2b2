"""A wrong configuration is told in a sentence that names the entry."""

import sys
from pathlib import Path

import pytest
import yaml

from harness.slice_training_data import tiny_slice_config, write_config, write_slice_training_data
from hemorrhage.errors import ArgumentError
from hemorrhage_training.slexnet.train_config import SlexTrainConfig
from hemorrhage_training.train_config import read_config

PROJECT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return write_slice_training_data(tmp_path_factory.mktemp("data"), cases=2)


@pytest.mark.parametrize("method", ["slexnet", "dropout", "mcbn", "ensemble"])
def test_one_key_chooses_the_method(data, tmp_path, method):
    config = read_config(write_config(tmp_path / "c.yaml", tiny_slice_config(data, tmp_path, method=method)))
    assert isinstance(config, SlexTrainConfig)
    assert config.method == method


def test_a_run_keeps_to_what_it_uses(data, tmp_path):
    """Where it runs, what its card says and the other methods' sections may change."""

    def lasting(**changes):
        return read_config(write_config(tmp_path / "c.yaml", tiny_slice_config(data, tmp_path, **changes))).lasting()

    begun = lasting()
    assert lasting(machine={"workers": 3}, card={"license": "MIT"}, dropout={"rate": 0.5}) == begun
    assert lasting(slexnet={"gamma": 2.0}) != begun
    assert lasting(method="dropout") != lasting(method="dropout", dropout={"rate": 0.5})
    assert "classes" not in begun["network"]  # the data set's: those of the section mean nothing


def test_the_defaults_are_the_papers(data, tmp_path):
    content = {
        key: value
        for key, value in tiny_slice_config(data, tmp_path).items()
        if key in ("method", "data", "work", "name", "card")
    }
    config = read_config(write_config(tmp_path / "c.yaml", content))
    assert config.network.channels == [64, 128, 256, 512, 512]
    assert (config.network.image_size, config.network.beta, config.network.reach) == (224, 0.2, 1)
    assert (config.network.level_hu, config.network.width_hu) == (40, 90)
    assert (config.loss.lesion, config.loss.other) == (1.0, 0.1)
    assert (config.training.rate, config.training.decay, config.training.decay_every) == (1e-4, 0.1, 20)
    assert (config.training.epochs, config.training.first_epochs, config.sampling.batch) == (100, 100, 2)
    assert (config.slexnet.gamma, config.slexnet.kappa, config.slexnet.supervise_neighbors) == (1, 1, False)
    assert config.ensemble.members == 3


def test_the_example_gives_the_defaults(data, tmp_path):
    content = yaml.safe_load((PROJECT / "training/configs/slexnet.yaml").read_text())
    example = read_config(write_config(tmp_path / "c.yaml", {**content, "data": str(data), "work": str(tmp_path)}))
    given = {key: content[key] for key in ("method", "name", "card")}
    bare = read_config(write_config(tmp_path / "d.yaml", {**given, "data": str(data), "work": str(tmp_path)}))
    assert example.model_dump() == bare.model_dump()
    assert {*content} == {*SlexTrainConfig.model_fields}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"method": "slexnett"}, "method 'slexnett' is not known: choose one of .*slexnet, dropout"),
        ({"method": None}, "method is missing"),
        ({"card": {"license": " "}}, "card.license"),
        ({"name": "my run"}, "name"),
        ({"network": {"image_size": 33}}, "image_size must be a multiple of 2"),
        ({"network": {"classes": ["background", "IPH"]}}, "leave classes out"),
        ({"network": {"direction": "forward"}}, "weighting must be plain"),
        ({"sampling": {"batch": 0}}, "sampling.batch"),
        ({"sampling": {"augmentation": {"flip": True}}}, "sampling.augmentation.flip"),
        ({"training": {"epoch": 3}}, "training.epoch"),
        ({"dropout": {"rate": 1.0}}, "dropout.rate"),
        ({"ensemble": {"members": 1}}, "ensemble.members"),
        ({"machine": {"precision": "8"}}, "machine.precision"),
        ({"fold": 1}, "no fold 1"),
    ],
)
def test_what_is_wrong_is_named(data, tmp_path, changes, sentence):
    path = write_config(tmp_path / "c.yaml", tiny_slice_config(data, tmp_path, **changes))
    with pytest.raises(ArgumentError, match=sentence):
        _open(path)


def test_a_missing_package_is_named(data, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "hemorrhage_training.slexnet.run_training", None)
    path = write_config(tmp_path / "c.yaml", tiny_slice_config(data, tmp_path))
    with pytest.raises(ArgumentError, match=r"pip install 'hemorrhage-uncertainty\[train\]'"):
        read_config(path)


def _open(path):
    from hemorrhage_training.slices.workplace import Workplace

    Workplace(read_config(path), None, None)
