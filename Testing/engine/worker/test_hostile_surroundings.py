"""Libraries that print, volumes of gigabytes, memory that runs out: the protocol and the process survive."""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.worker_client import WorkerClient, running_worker, volume_of

POLLUTION = """
import ctypes, os, subprocess, sys
import hemorrhage.worker.volume_input as volume_input
read = volume_input.read_volume
def noisy(*arguments):
    print("{'id': 1, 'event': 'printed'} Grüße \\udcff")
    sys.__stdout__.write("written\\n")
    os.write(1, b"to the descriptor\\n")
    if os.name != "nt":
        library = ctypes.CDLL(None)
        library.printf(b"from C\\n")
        library.fflush(None)
    subprocess.run([sys.executable, "-c", "print('by a child')"], check=True)
    return read(*arguments)
volume_input.read_volume = noisy
"""

#: Every pass of the network fails as CUDA's allocator does; `{failures}` of them.
GPU_OUT_OF_MEMORY = """
import torch
from hemorrhage.nnunet.sliding_window import SlidingWindow
run, failures = SlidingWindow.__call__, iter(range({failures}))
def short_of_memory(self, *arguments):
    for _ in failures:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB")
    return run(self, *arguments)
SlidingWindow.__call__ = short_of_memory
"""


@pytest.fixture
def volume(phantom_ct, tmp_path) -> dict[str, Any]:
    return volume_of(phantom_ct, tmp_path / "volume.raw")


def segment(client: WorkerClient, volume: dict[str, Any], model: Path, folder: Path, **options: Any) -> list[dict[str, Any]]:
    request = {"volume": volume, "model": str(model), "folder": str(folder), "device": "cpu", "samples": 1, "preview": False}
    return client.events_of(client.send("segment", **request | options))


def test_only_events_on_standard_output(volume):
    with running_worker(POLLUTION) as client:
        assert client.answer("check", volume=volume)["verdict"] == "ok"
        assert client.end() == 0
        assert len(client.lines) == 1
        for noise in ("Grüße", "written", "to the descriptor", "by a child"):
            assert noise.encode() in client.errors
        assert sys.platform == "win32" or b"from C" in client.errors


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads the kernel's peak of memory")
@pytest.mark.parametrize(("dtype", "says"), [("int16", "not Hounsfield units"), ("float32", "not Hounsfield units")])
def test_gigabytes_are_not_read_into_memory_before_the_checks(tmp_path, dtype, says):
    """A sparse file of 2 GiB: its content is looked at, but never held."""
    shape = (1024 // np.dtype(dtype).itemsize, 1024, 2048)
    path = tmp_path / "huge.raw"
    with path.open("wb") as file:
        file.truncate(math.prod(shape) * np.dtype(dtype).itemsize)
    assert path.stat().st_size == 2**31
    affine = [[0, 0, -0.4, 0], [0, -0.4, 0, 0], [0.6, 0, 0, 0], [0, 0, 0, 1]]
    volume = {"file": str(path), "dtype": dtype, "shape": shape, "affine": affine}
    with running_worker() as client:
        client.answer("hello")
        before = peak_memory_bytes(client)
        checked = client.answer("check", volume=volume)
        assert checked["verdict"] == "unusable"
        assert says in checked["sentences"][0]
        assert peak_memory_bytes(client) - before < 200e6


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads the kernel's peak of memory")
def test_a_volume_that_memory_cannot_hold_is_refused_in_words(tmp_path, phantom_ct):
    """Intensities of a CT, so that only the size is against it."""
    prelude = "import hemorrhage.memory\nhemorrhage.memory.available_memory_bytes = lambda: 1000"
    with running_worker(prelude) as client:
        answer = client.answer("check", volume=volume_of(phantom_ct, tmp_path / "volume.raw"))
    assert (answer["event"], answer["kind"]) == ("error", "resource")
    assert "of memory" in answer["sentence"]


def test_out_of_gpu_memory_once_is_told_and_the_run_goes_on(volume, tiny_model, tmp_path):
    with running_worker(GPU_OUT_OF_MEMORY.format(failures=1)) as client:
        events = segment(client, volume, tiny_model, tmp_path / "first")
        assert events[-1]["event"] == "result", events[-1]
        assert any("ran out of memory: continuing with" in event.get("message", "") for event in events)
        # The next run starts as if nothing had happened.
        events = segment(client, volume, tiny_model, tmp_path / "second")
        assert not any(event.get("message") for event in events)
        assert events[-1]["event"] == "result", events[-1]


def test_out_of_memory_for_good_is_an_error_and_the_worker_goes_on(volume, tiny_model, tmp_path):
    with running_worker(GPU_OUT_OF_MEMORY.format(failures=100)) as client:
        failed = segment(client, volume, tiny_model, tmp_path / "failed")[-1]
        assert (failed["event"], failed["kind"], failed["detail"]) == ("error", "resource", "")
        assert "memory" in failed["sentence"]
        assert client.answer("check", volume=volume)["verdict"] == "ok"


def test_an_unforeseen_failure_has_its_traceback(volume, tiny_model, tmp_path):
    prelude = "import hemorrhage.report\nhemorrhage.report.write_overview = lambda *_: 1 / 0"
    with running_worker(prelude) as client:
        failed = segment(client, volume, tiny_model, tmp_path / "failed")[-1]
        assert (failed["event"], failed["kind"]) == ("error", "internal")
        assert "ZeroDivisionError" in failed["sentence"]
        assert "Traceback" in failed["detail"]
        assert not (tmp_path / "failed").exists()
        assert client.answer("hello")["event"] == "hello"


def peak_memory_bytes(client: WorkerClient) -> int:
    for line in Path(f"/proc/{client.process.pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("the kernel does not tell the peak of memory")
