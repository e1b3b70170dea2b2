"""The commands that make the embedded model, from a pool of one case."""

import re

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from hemorrhage.models import load_model
from hemorrhage.models.model import open_contents
from hemorrhage_training.embedded.__main__ import app


@pytest.fixture
def pool(tmp_path):
    folder = tmp_path / "pool"
    folder.mkdir()
    rng = np.random.default_rng(0)
    image = rng.standard_normal((8, 32, 32)).astype(np.float16)
    np.savez(folder / "case_000000.npz", image=image, labels=(image > 2.5).astype(np.uint8))
    return folder


def _trained(pool, run, start):
    return CliRunner().invoke(app, ["train", str(pool), str(run), "--minutes", "0", "--threads", "1", "--start", str(start)])


def test_a_run_starts_from_a_model_s_weights_and_another_from_that_run_s(pool, tmp_path):
    embedded = load_model("default").folder
    expected = open_contents(embedded).read_weights()[0]
    for run, start in (("first", embedded), ("second", tmp_path / "first")):
        assert _trained(pool, tmp_path / run, start).exit_code == 0
        state = torch.load(tmp_path / run / "checkpoint.pt", weights_only=True)
        assert all(torch.equal(state["network"][name], weight.float()) for name, weight in expected.items())


def test_a_start_that_does_not_fit_is_refused_by_the_name_of_a_tensor(pool, tmp_path):
    (tmp_path / "other").mkdir()
    torch.save({"average": {"module.encoder.other": torch.zeros(3)}}, tmp_path / "other" / "checkpoint.pt")
    result = _trained(pool, tmp_path / "run", tmp_path / "other")
    assert result.exit_code == 2
    assert "encoder.other(3,)doesnotfitintothenetwork" in re.sub(r"[│|\s]", "", result.output)
    assert not (tmp_path / "run").exists()


def test_a_start_that_is_neither_is_named_and_nothing_is_made(pool, tmp_path):
    result = _trained(pool, tmp_path / "run", tmp_path / "nowhere")
    assert result.exit_code == 2
    assert "nowhere" in re.sub(r"[│|\s]", "", result.output)  # the message wraps in its frame
    assert not (tmp_path / "nowhere").exists()
    assert not (tmp_path / "run").exists()


def test_a_run_without_a_checkpoint_is_not_exported(pool, tmp_path):
    (tmp_path / "run").mkdir()
    result = CliRunner().invoke(app, ["export", str(pool), str(tmp_path / "run"), str(tmp_path / "model")])
    assert result.exit_code == 2
    assert "holdsnocheckpoint" in re.sub(r"[│|\s]", "", result.output)
    assert not (tmp_path / "model").exists()


def test_an_earlier_model_that_is_none_is_named_before_anything_is_evaluated(pool, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "checkpoint.pt").touch()
    arguments = ["export", str(pool), str(tmp_path / "run"), str(tmp_path / "model"), "--after", str(tmp_path)]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2
    assert "isnomodelfolder" in re.sub(r"[│|\s]", "", result.output)
    assert not (tmp_path / "model").exists()


def test_a_device_that_is_not_there_is_named_and_nothing_is_made(pool, tmp_path):
    result = CliRunner().invoke(app, ["train", str(pool), str(tmp_path / "run"), "--device", "gpu"])
    assert result.exit_code == 2
    assert "'gpu'isunknown" in re.sub(r"[│|\s]", "", result.output)
    assert not (tmp_path / "run").exists()
