"""Two processes that share each epoch come to the weights and figures of one with the double batch.

With a network without normalization: that of a batch depends on how it is divided.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

SCRIPT = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import torch
from harness.two_dimensional_toy import train_toy

if __name__ == "__main__":
    train_toy(Path(sys.argv[2]), Path(sys.argv[3]), devices=2, batch=2)
"""


def test_two_processes_equal_one_with_the_double_batch(heads, tmp_path):
    from harness.two_dimensional_toy import train_toy

    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    process = subprocess.run(
        [sys.executable, str(script), str(Path(__file__).parents[2]), str(heads), str(tmp_path / "two")],
        env={**os.environ, "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert process.returncode == 0, process.stdout + process.stderr
    train_toy(heads, tmp_path / "one", devices=1, batch=4)
    one, two = (torch.load(tmp_path / name / "run" / "best.pt", weights_only=True)["weights"] for name in ("one", "two"))
    for key, tensor in one.items():
        assert torch.allclose(two[key], tensor, atol=1e-5)
    for alone, shared in zip(*(_epochs(tmp_path / name) for name in ("one", "two")), strict=True):
        assert shared["train_loss"] == pytest.approx(alone["train_loss"], rel=1e-4)
        assert shared["nll"] == pytest.approx(alone["nll"], rel=1e-4)
        assert shared["dice"] == pytest.approx(alone["dice"], abs=2e-3)


def _epochs(folder):
    return [json.loads(line) for line in (folder / "run" / "epochs.jsonl").read_text().splitlines()]
