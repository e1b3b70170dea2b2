"""`hemorrhage train` is stopped while processes of nnU-Net load its patches, goes on, and says so in a sentence."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from harness.process_group import process_group_is_alive
from harness.raw_heads import write_folds, write_raw_heads
from harness.tiny_nnunet import tiny_plans
from hemorrhage.errors import Interrupted
from hemorrhage_training.nnunet.run_training import run_training
from hemorrhage_training.train_config import read_config

LENGTH = {"epochs": 200, "iterations": 1, "validation_iterations": 1, "samples": 2, "save_every": 1}


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    root = tmp_path_factory.mktemp("stopping")
    write_folds(write_raw_heads(root / "Dataset001_Heads"), "case_0")
    (root / "plans.json").write_text(json.dumps({**tiny_plans(spacing=(8.0, 4.5, 4.5)), "plans_name": "tinyPlans"}))
    content = {"method": "uncertainty-aware-nnunet", "data": "Dataset001_Heads", "work": "work", "plans": "plans.json"}
    content |= {"device": "cpu", "processes": 1, "validate_afterwards": False, "uncertainty": LENGTH}
    (root / "config.yaml").write_text(yaml.safe_dump(content))
    return root / "config.yaml"


def _until_trained(config: Path, last: int, to_whom: str) -> tuple[list[dict], subprocess.Popen, str]:
    """Train until the epoch `last` is told, send SIGINT, and return what was told."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "nnUNet_n_proc_DA": "2"}
    process = subprocess.Popen(
        [sys.executable, "-m", "hemorrhage", "train", str(config), "--progress", "json"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    told = []
    try:
        for line in process.stdout or ():
            told.append(json.loads(line))
            if told[-1].get("stage") == "training" and told[-1]["done"] >= last:
                break
        if to_whom == "process":
            process.send_signal(signal.SIGINT)
        else:  # Ctrl-C in a terminal reaches the loading processes too
            os.killpg(process.pid, signal.SIGINT)
        _, error = process.communicate(timeout=120)
    finally:
        process.kill()
    return told, process, error


@pytest.mark.parametrize("to_whom", ["process", "group"])
def test_interrupted_in_an_epoch(config, to_whom):
    (before, *_) = sorted((config.parent / "work").rglob("epochs.jsonl")) or [None]
    done = len(before.read_text().splitlines()) if before else 0
    told, process, error = _until_trained(config, done + 2, to_whom)
    assert process.returncode == 130, error
    assert [line for line in error.splitlines() if not line.startswith("note:")] == [
        "hemorrhage: interrupted; the same command goes on from the latest checkpoint"
    ]
    begun = next(line for line in told if line.get("stage") == "training")
    assert begun["done"] >= done
    assert begun["message"].startswith("going on after epoch") == (done > 0)
    deadline = time.monotonic() + 60
    while process_group_is_alive(process.pid):  # no loading process outlives the command
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_asked_to_stop_it_ends_with_the_epoch_and_goes_on_from_it(config, monkeypatch):
    """From Python, without a signal."""
    for name in ("nnUNet_raw", "nnUNet_preprocessed", "nnUNet_results"):
        monkeypatch.setenv(name, "")  # set by the training; put back after the test
    monkeypatch.setenv("nnUNet_n_proc_DA", "0")
    ends = []
    for _ in range(2):
        told = []
        with pytest.raises(Interrupted, match="the same command goes on"):
            run_training(read_config(config), progress=told.append, should_stop=lambda: True)
        epochs = [each.done for each in told if each.stage == "training"]
        assert epochs == [epochs[0], epochs[0] + 1]
        ends.append(epochs)
    assert ends[1][0] == ends[0][1]
