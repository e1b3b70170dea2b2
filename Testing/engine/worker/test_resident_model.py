"""The model that stays in memory."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

import hemorrhage
from hemorrhage.errors import ModelError
from hemorrhage.models.model_card import read_card
from hemorrhage.worker.resident_model import ModelKeeper


@pytest.fixture
def readings(monkeypatch) -> list[str]:
    """Names of the weight files as they are read."""
    import hemorrhage.models.model_folder as model_folder

    seen: list[str] = []
    read = model_folder.read_safetensors

    def counted(path):
        seen.append(path.parent.name)
        return read(path)

    monkeypatch.setattr(model_folder, "read_safetensors", counted)
    return seen


def test_weights_are_read_once(readings, tiny_model):
    keeper = ModelKeeper()
    networks = [keeper.open(str(tiny_model)).network(device) for device in ("cpu", "auto", "cpu")]
    assert readings == ["tiny"] * len({id(network) for network in networks})
    assert networks[-1] is keeper.open(str(tiny_model)).network("cpu")


def test_only_the_latest_model_is_kept(readings, tiny_model, tmp_path):
    keeper = ModelKeeper()
    other = shutil.copytree(tiny_model, tmp_path / "other")
    for folder in (tiny_model, other, other, tiny_model):
        keeper.open(str(folder)).network("cpu")
    assert readings == ["tiny", "other", "tiny"]
    keeper.forget()
    keeper.open(str(tiny_model)).network("cpu")
    assert readings == ["tiny", "other", "tiny", "tiny"]


def test_a_model_that_was_altered_meanwhile_is_not_used(tiny_model, tmp_path):
    folder = shutil.copytree(tiny_model, tmp_path / "model")
    keeper = ModelKeeper()
    keeper.open(str(folder)).network("cpu")
    weights = folder / read_card(folder).weights[0]
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    with pytest.raises(ModelError, match="altered"):
        keeper.open(str(folder))


def test_a_run_with_a_kept_network_gives_the_same_bits(phantom_ct, tiny_model):
    keeper = ModelKeeper()
    first, second = (hemorrhage.segment(phantom_ct, keeper.open(str(tiny_model)), samples=2, device="cpu") for _ in range(2))
    np.testing.assert_array_equal(first.probabilities, second.probabilities)
    assert first.provenance["model"] == second.provenance["model"]
