"""A run that is killed and continued ends as one that was not."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import torch

SCRIPT = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from harness.tiny_nnunet_training import tiny_trainer
from hemorrhage_training.nnunet.trainer import nnUNetTrainerUncertaintyAware

trainer = tiny_trainer(
    nnUNetTrainerUncertaintyAware, Path(sys.argv[2]), lam=20, epochs=12, iterations=3, validation_iterations=1, save_every=1,
    deterministic=True, samples=2,
)
latest = Path(trainer.output_folder, "checkpoint_latest.pth")
if latest.exists():
    trainer.load_checkpoint(str(latest))
trainer.plot_network_architecture = lambda: None
trainer.run_training()
"""


def _start(base, results):
    environment = {**os.environ, "nnUNet_results": str(results), "OMP_NUM_THREADS": "1"}
    testing = str(Path(__file__).parents[2])
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, testing, str(base)], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


def _final(results):
    (path,) = results.rglob("checkpoint_final.pth")
    from hemorrhage.models.nnunet_folder import read_checkpoint

    return read_checkpoint(path)


def _kill_after_a_checkpoint(process, results, moment):
    """Wait for a new checkpoint, and `moment` seconds more, then kill."""
    before = _written(results)
    deadline = time.monotonic() + 240
    while _written(results) == before:
        assert process.poll() is None, process.stdout.read().decode()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    time.sleep(moment)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()


def _written(results):
    try:
        return [path.stat().st_mtime_ns for path in results.rglob("checkpoint_latest.pth")]
    except FileNotFoundError:  # between its two names
        return []


def test_killed_and_continued_equals_uninterrupted(tiny_base, tmp_path):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    output, _ = (process := _start(tiny_base, whole)).communicate(timeout=240)
    assert process.returncode == 0, output.decode()
    first = _final(whole)
    begun, ended = (first["logging"][f"epoch_{moment}_timestamps"][-1] for moment in ("start", "end"))
    # Within two epochs after a checkpoint: in a step, in the validation, while a file is written.
    moments = [random.uniform(0, 2 * (ended - begun)) for _ in range(2)]
    for moment in moments:
        _kill_after_a_checkpoint(_start(tiny_base, killed), killed, moment)
    assert not list(killed.rglob("checkpoint_final.pth")), moments
    output, _ = (process := _start(tiny_base, killed)).communicate(timeout=240)
    assert process.returncode == 0, output.decode()
    second = _final(killed)
    assert first["network_weights"].keys() == second["network_weights"].keys()
    assert all(torch.equal(first["network_weights"][k], second["network_weights"][k]) for k in first["network_weights"]), moments
    for figure in ("train_losses", "val_losses", "mean_fg_dice"):
        assert first["logging"][figure] == second["logging"][figure]
    assert not list(killed.rglob("checkpoint_latest*"))
