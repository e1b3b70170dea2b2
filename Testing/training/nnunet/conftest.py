"""One preprocessed tiny data set for all tests of training."""

import pytest

from harness.raw_heads import write_raw_heads
from harness.tiny_nnunet_training import DATASET, use_tiny_training_data, write_tiny_training_data


@pytest.fixture(scope="session")
def tiny_training_root(tmp_path_factory):
    root = tmp_path_factory.mktemp("nnunet")
    write_tiny_training_data(root)
    return root


@pytest.fixture
def tiny_base(tiny_training_root, monkeypatch, tmp_path):
    """The preprocessed data set; results go to this test's own folder."""
    use_tiny_training_data(monkeypatch, tiny_training_root)
    monkeypatch.setenv("nnUNet_results", str(tmp_path / "results"))
    return tiny_training_root / "preprocessed" / DATASET


@pytest.fixture(scope="session")
def raw_heads(tmp_path_factory):
    """A data set as `hemorrhage train` gets it; its folder has a space and an umlaut, as folders have."""
    return write_raw_heads(tmp_path_factory.mktemp("räw data") / "Dataset001_Heads")
