"""A run that is killed and continued ends as one that was not."""

import os
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
    nnUNetTrainerUncertaintyAware, Path(sys.argv[2]), lam=20, epochs=4, iterations=3, validation_iterations=1, save_every=1,
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


def test_killed_and_continued_equals_uninterrupted(tiny_base, tmp_path):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    output, _ = (process := _start(tiny_base, whole)).communicate(timeout=240)
    assert process.returncode == 0, output.decode()
    process = _start(tiny_base, killed)
    deadline = time.monotonic() + 240
    while not list(killed.rglob("checkpoint_latest.pth")):
        assert process.poll() is None, process.stdout.read().decode()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert not list(killed.rglob("checkpoint_final.pth"))
    output, _ = (process := _start(tiny_base, killed)).communicate(timeout=240)
    assert process.returncode == 0, output.decode()
    first, second = _final(whole), _final(killed)
    assert first["network_weights"].keys() == second["network_weights"].keys()
    assert all(torch.equal(first["network_weights"][k], second["network_weights"][k]) for k in first["network_weights"])
    for figure in ("train_losses", "val_losses", "mean_fg_dice"):
        assert first["logging"][figure] == second["logging"][figure]
    assert not list(killed.rglob("checkpoint_latest*"))
