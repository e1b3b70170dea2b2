"""A run that was stopped, killed or damaged goes on, and ends as one that was not."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest
import torch

from harness.slice_training_data import tiny_slice_config, write_config
from hemorrhage.commands import main
from hemorrhage.errors import ArgumentError, HemorrhageError, Interrupted, ModelError
from hemorrhage.models.model_folder import read_safetensors
from hemorrhage_training.methods import run_training
from hemorrhage_training.train_config import read_config

EPOCHS = {"training": {"first_epochs": 2, "epochs": 3}}


def _config(heads, work, name, method="slexnet", **changes):
    return read_config(
        write_config(work / f"{name}.yaml", tiny_slice_config(heads, work, name=name, method=method, **{**EPOCHS, **changes}))
    )


def _epochs(work, name, part):
    records = [json.loads(line) for line in (work / "runs" / name / part / "epochs.jsonl").read_text().splitlines()]
    return [{key: value for key, value in record.items() if key != "seconds"} for record in records]


def _same_weights(first, second):
    a, b = (read_safetensors(model / "weights.safetensors") for model in (first, second))
    return a.keys() == b.keys() and all(torch.equal(a[key], b[key]) for key in a)


@pytest.fixture(scope="module")
def whole(heads, work):
    return run_training(_config(heads, work, "whole")).model


def test_stopped_in_either_stage_and_continued_equals_uninterrupted(heads, work, whole):
    asked = iter([False] * 9 + [True])  # per step and epoch, of which the first stage has 5: in the first stage's second epoch
    config = _config(heads, work, "stopped")
    with pytest.raises(Interrupted, match="the same command"):
        run_training(config, should_stop=lambda: next(asked))
    assert len(_epochs(work, "stopped", "first")) == 1
    asked = iter([False] * 12 + [True])
    with pytest.raises(Interrupted):
        run_training(config, should_stop=lambda: next(asked))
    assert len(_epochs(work, "stopped", "second")) == 1
    assert _same_weights(run_training(config).model, whole)
    for part in ("first", "second"):
        assert _epochs(work, "stopped", part) == _epochs(work, "whole", part)


def test_killed_and_continued_equals_uninterrupted(heads, work):
    """With dropout, whose random numbers must go on as they would have."""
    longer = {"training": {"epochs": 5}}
    uninterrupted = run_training(_config(heads, work, "undisturbed", "dropout", **longer)).model
    config = _config(heads, work, "killed", "dropout", **longer)
    run = work / "runs" / "killed" / "member_0"
    process = subprocess.Popen(
        [sys.executable, "-m", "hemorrhage", "train", str(work / "killed.yaml"), "--progress", "none"],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    deadline = time.monotonic() + 240
    while not (run / "latest.previous.ckpt").exists():
        assert process.poll() is None, process.stdout.read().decode()
        assert time.monotonic() < deadline
        time.sleep(0.005)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert not (run / "finished.json").exists()
    assert _same_weights(run_training(config).model, uninterrupted)
    assert _epochs(work, "killed", "member_0") == _epochs(work, "undisturbed", "member_0")
    assert not list(run.glob("latest*"))


def test_a_signal_ends_the_command_with_a_sentence(heads, work, monkeypatch, capsys):
    """Raised where it may come, in the middle of a step: Lightning lets it through."""
    _config(heads, work, "signalled", "dropout")
    monkeypatch.setattr("hemorrhage_training.slicenet.slice_net_training.weighted_cross_entropy", _signalled)
    with pytest.raises(SystemExit) as ended:
        main(["train", str(work / "signalled.yaml"), "--progress", "none"])
    assert ended.value.code == 130
    assert "the same command goes on" in capsys.readouterr().err


def _signalled(*_):
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(1)


def test_a_damaged_checkpoint_is_replaced_by_the_one_before(heads, work):
    config = _config(heads, work, "damaged", "dropout", training={"epochs": 3})
    asked = iter([False] * 12 + [True])
    with pytest.raises(Interrupted):
        run_training(config, should_stop=lambda: next(asked))
    run = work / "runs" / "damaged" / "member_0"
    latest = run / "latest.ckpt"
    latest.write_bytes(latest.read_bytes()[:1000])
    told = []
    run_training(config, progress=told.append)
    assert [each.done for each in told if each.stage == "training"] == [1, 2, 3]


def test_nothing_whole_is_said_in_a_sentence(heads, work):
    config = _config(heads, work, "ruined", "dropout", training={"epochs": 2})
    run = work / "runs" / "ruined" / "member_0"
    run.mkdir(parents=True)
    (run / "latest.ckpt").write_bytes(b"PK")
    with pytest.raises(ModelError, match="start the training anew"):
        run_training(config)


def test_a_run_keeps_to_its_cases(heads, work, tmp_path):
    """A data set imported anew can have other folds: what was trained with must not validate."""
    data = tmp_path / heads.name
    shutil.copytree(heads, data)
    config = _config(data, work, "divided", "dropout", training={"epochs": 1})
    run_training(config)
    split = json.loads((data / "splits_final.json").read_text())
    split[0]["train"][0], split[0]["val"][0] = split[0]["val"][0], split[0]["train"][0]
    (data / "splits_final.json").write_text(json.dumps(split))
    with pytest.raises(ArgumentError, match="other cases to train or to validate with: give this one another name"):
        run_training(config)


@pytest.mark.parametrize("file", ["settings.json", "member_0/finished.json"])
def test_a_damaged_record_is_said_in_a_sentence(heads, work, file):
    config = _config(heads, work, "half-written", "dropout", training={"epochs": 1})
    run_training(config)
    record = work / "runs" / "half-written" / file
    whole = record.read_text()
    record.write_text(whole[: len(whole) // 2])
    with pytest.raises(HemorrhageError, match=r"is damaged.*remove"):
        run_training(config)
    record.write_text(whole)


def test_it_stops_early_when_nothing_gets_better(heads, work):
    config = _config(heads, work, "early", "dropout", training={"epochs": 9, "rate": 1e-12, "patience": 2})
    run_training(config)
    assert len(_epochs(work, "early", "member_0")) == 3
