"""Ctrl-C, SIGTERM and kill -9 leave nothing half-written."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


@contextmanager
def running(phantom_file: Path, tiny_model: Path, out: Path) -> Iterator[subprocess.Popen[str]]:
    """A run with thousands of samples, which is ended in any case."""
    command = [sys.executable, "-m", "hemorrhage", "segment", phantom_file, "-o", out, "-m", tiny_model]
    command += ["--samples", 10_000, "--device", "cpu", "--progress", "json"]
    process = subprocess.Popen(
        [str(each) for each in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def wait_for_sample(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        event = json.loads(line)
        if event.get("stage") == "sampling" and event["done"] >= 1:
            return
    raise AssertionError("the run ended before its first sample")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_run_leaves_nothing(phantom_file, tiny_model, out, number):
    with running(phantom_file, tiny_model, out) as process:
        wait_for_sample(process)
        process.send_signal(number)
        process.send_signal(number)  # an impatient second one changes nothing
        stdout, stderr = process.communicate(timeout=30)
    assert process.returncode == 130, stderr
    assert stderr == "hemorrhage: interrupted; nothing was written\n"
    assert json.loads(stdout.splitlines()[-1])["event"] == "error"
    assert list(out.parent.iterdir()) == []


WRITE_FOREVER = """
import importlib, sys, time
from hemorrhage.commands import main
writing = importlib.import_module("hemorrhage.writing.save_segmentation")

def write_one_file(segmentation, folder, *rest, **options):
    (folder / "labels.nii.gz").write_bytes(b"half")
    print("writing", flush=True)
    time.sleep(60)

writing.write_result_files = write_one_file
main(sys.argv[1:])
"""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -9)])
def test_ended_while_writing(phantom_file, tiny_model, out, number, code):
    """The half result never gets the name of the output; the next run cleans up what a kill left behind."""
    command = [sys.executable, "-c", WRITE_FOREVER, "segment", phantom_file, "-o", out, "-m", tiny_model, "--samples", 1]
    process = subprocess.Popen([str(each) for each in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "writing\n"
        process.send_signal(number)
        _, stderr = process.communicate(timeout=30)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == code, stderr
    assert not out.exists()
    left = list(out.parent.iterdir())
    assert len(left) == (number == signal.SIGKILL)
    if left:
        subprocess.run(
            [sys.executable, "-m", "hemorrhage", *(str(each) for each in command[3:])], check=True, capture_output=True
        )
        assert [path.name for path in out.parent.iterdir()] == ["out"]


def test_forked_workers_die_of_signals_at_once():
    """A worker that swallows every exception, as code of a library may, would never end by one raised in it."""
    from hemorrhage.commands.stopping import StopSignal, stop_on_signals, stop_requested

    context = multiprocessing.get_context("fork")
    with stop_on_signals():
        for number in (signal.SIGTERM, signal.SIGINT):
            ready = context.Event()
            worker = context.Process(target=_swallow_exceptions, args=(ready,))
            worker.start()
            assert ready.wait(30)
            os.kill(worker.pid or 0, number)
            worker.join(30)
            assert worker.exitcode == -number
        with pytest.raises(StopSignal):
            os.kill(os.getpid(), signal.SIGTERM)
        assert stop_requested()
    assert not stop_requested()  # what the process runs next is not stopped too


def _swallow_exceptions(ready: Event) -> None:
    ready.set()
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            time.sleep(0.1)
        except BaseException:
            continue
