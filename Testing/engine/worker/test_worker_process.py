"""The worker as its clients meet it: a process, lines in, lines out."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hemorrhage
from harness.worker_client import WorkerClient, running_worker, volume_of
from hemorrhage.head_ct import HeadCT
from hemorrhage.hemorrhage_class import SIX_CLASSES
from hemorrhage.writing.result_schema import ResultRecord

MAPS = ("labels", "probabilities", "variance", "entropy", "mutual_information")
FILES = {*(f"{name}.npy" for name in MAPS), "result.json", "overview.png", "report.html"}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose name has spaces, accents and letters beyond the Basic Multilingual Plane."""
    folder = tmp_path_factory.mktemp("worker") / "Größe à côté 脳 🧠"
    folder.mkdir()
    return folder


@pytest.fixture(scope="module")
def volume(phantom_ct: HeadCT, place: Path) -> dict[str, Any]:
    return volume_of(phantom_ct, place / "le volume.raw", name="CT à Zürich")


@pytest.fixture(scope="module")
def model(tiny_model: Path, place: Path) -> str:
    return str(shutil.copytree(tiny_model, place / "modèle tiny"))


@pytest.fixture(scope="module")
def client():
    with running_worker() as running:
        yield running


def segment_request(volume: dict[str, Any], model: str, folder: Path, **options: Any) -> dict[str, Any]:
    return {"volume": volume, "model": model, "folder": str(folder), "device": "cpu", "samples": 3} | options


@pytest.fixture(scope="module")
def run(client: WorkerClient, volume, model, place: Path):
    """One whole segmentation: its events and its folder."""
    (place / "run").mkdir()
    folder = place / "run" / "the result"
    events = client.events_of(client.send("segment", **segment_request(volume, model, folder, keep_samples=True)))
    assert events[-1]["event"] == "result", events[-1]
    return events, folder


def test_hello_introduces_the_program(client):
    hello = client.answer("hello")
    assert (hello["protocol"], hello["program"]) == (1, hemorrhage.__version__)
    assert hello["versions"]["numpy"] == np.__version__
    assert hello["devices"][0] == "cpu"
    embedded = next(each for each in hello["models"] if each["name"] == "simulated-nnunet")
    assert embedded["sha256"] == hemorrhage.load_model("default").sha256
    assert embedded["methods"] == ["tta", "deterministic"]
    assert [each["name"] for each in embedded["method_details"]] == ["tta", "deterministic"]
    assert embedded["method_details"][0]["passes_per_sample"] == 1
    assert "transformed back" in embedded["method_details"][0]["explanation"]
    assert embedded["classes"] == list(SIX_CLASSES)
    assert Path(embedded["folder"]).is_dir()
    assert embedded["intended_use"]
    assert embedded["problem"] == ""


def test_hello_imports_nothing_heavy():
    prelude = """
import atexit, sys
heavy = ("torch", "monai", "nnunetv2", "matplotlib", "SimpleITK")
atexit.register(lambda: print("heavy:", [name for name in heavy if name in sys.modules], file=sys.stderr))
"""
    with running_worker(prelude) as client:
        client.answer("hello")
        assert client.end() == 0
        assert b"heavy: []" in client.errors


def test_broken_models_are_listed_with_the_reason(tiny_model, tmp_path):
    shutil.copytree(tiny_model, tmp_path / "fine")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "model.json").write_text("{}")
    with running_worker(environment={"HEMORRHAGE_MODELS": str(tmp_path)}) as client:
        models = {each["name"]: each for each in client.answer("hello")["models"]}
    assert "damaged" in models["broken"]["problem"]
    assert models["fine"]["problem"] == ""


def test_result_has_the_arrays_of_the_same_run_in_python(run, phantom_ct, model):
    events, folder = run
    assert events[-1]["folder"] == str(folder)
    assert {path.name for path in folder.iterdir()} == FILES | {"samples.npy"}
    expected = hemorrhage.segment(phantom_ct, Path(model), samples=3, device="cpu", keep_samples=True)
    for name in (*MAPS, "samples"):
        written = np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)
        np.testing.assert_array_equal(written, getattr(expected, name), err_msg=name)
        assert written.dtype == getattr(expected, name).dtype
        assert written.flags.c_contiguous
    record = ResultRecord.model_validate_json((folder / "result.json").read_text(encoding="utf-8"))
    assert record.input.source == "CT à Zürich"
    assert [each.volume_ml for each in record.volumes] == [each.volume_ml for each in expected.volumes]
    assert "<html" in (folder / "report.html").read_text(encoding="utf-8")


def test_progress_counts_the_samples_and_the_time_left(run):
    progress = [event for event in run[0] if event["event"] == "progress"]
    stages = list(dict.fromkeys(event["stage"] for event in progress))
    assert stages == ["reading", "loading model", "preprocessing", "sampling", "summarizing", "writing"]
    sampling = [event for event in progress if event["stage"] == "sampling"]
    assert [(event["done"], event["total"]) for event in sampling] == [(k, 3) for k in range(4)]
    assert sampling[0]["remaining_s"] is None
    assert sampling[1]["remaining_s"] >= sampling[3]["remaining_s"] == 0


def test_previews_can_be_read(run, phantom_ct):
    previews = [event for event in run[0] if event["event"] == "preview"]
    assert [event["samples"] for event in previews] == [1, 2]
    for event in previews:
        folder = Path(event["folder"])
        assert {path.name for path in folder.iterdir()} == {"labels.npy", "entropy.npy", "variance.npy", "preview.json"}
        labels = np.load(folder / "labels.npy")
        record = json.loads((folder / "preview.json").read_text(encoding="utf-8"))
        assert record["samples"] == event["samples"]
        total = record["volumes"][-1]
        assert total["name"] == "total"
        assert total["volume_ml"] == pytest.approx(np.count_nonzero(labels) * phantom_ct.voxel_volume_ml)
        assert np.load(folder / "variance.npy").shape == phantom_ct.shape


def test_second_run_is_the_same(client, run, volume, model, place):
    """That the network is kept is seen in ``test_resident_model.py``; here that keeping it changes nothing."""
    folder = place / "second"
    request = segment_request(volume, model, folder, preview=False)
    events = client.events_of(client.send("segment", **request))
    assert events[-1]["event"] == "result", events[-1]
    assert not any(event["event"] == "preview" for event in events)
    assert {path.name for path in folder.iterdir()} == FILES
    np.testing.assert_array_equal(np.load(folder / "probabilities.npy"), np.load(run[1] / "probabilities.npy"))


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b"nonsense", "one JSON object on one line"),
        (b"\xff\xfe{}", "one JSON object on one line"),
        (b"[1, 2]", "must be a JSON object, not list"),
        (b"[" * 100_000, "one JSON object on one line"),
        (b'{"id": 7, "request": "dance"}', "dance"),
        (b'{"id": 7}', "request"),
        (b'{"id": 7, "request": "hello", "extra": 1}', "extra"),
        (b'{"id": 7, "request": "segment", "folder": "x"}', "volume"),
        (b'{"id": 7, "request": "cancel"}', "target"),
        (b'{"id": 7, "request": "import_model", "path": 3}', "path"),
        (b'{"id": 7, "request": "hello", "big": "' + b"x" * (1 << 21) + b'"}', "one JSON object on one line"),
    ],
    ids=lambda value: value[:40] if isinstance(value, bytes) else None,
)
def test_lines_that_are_no_request(client, line, says):
    client.send_line(line)
    event = client.next_event()
    assert (event["event"], event["kind"], event["detail"]) == ("error", "protocol", "")
    assert says in event["sentence"]
    assert event["id"] == (7 if line.startswith(b'{"id": 7') and len(line) < 1000 else None)
    assert client.answer("hello")["event"] == "hello"


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"dtype": "float64"}, "dtype"),
        ({"shape": [20, 48]}, "shape"),
        ({"shape": [20, 48, 0]}, "shape"),
        ({"shape": [20, 48, 40.5]}, "shape"),
        ({"affine": [[1, 0, 0, 0]] * 3}, "affine"),
        ({"affine": [[float("nan"), 0, 0, 0]] * 4}, "affine"),
        ({"file": None}, "file"),
    ],
)
def test_volumes_that_are_described_wrongly(client, volume, change, where):
    event = client.answer("check", volume=volume | change)
    assert (event["event"], event["kind"]) == ("error", "protocol")
    assert where in event["sentence"]


def test_every_request_needs_its_own_id(client, volume, model, place):
    number = client.send("segment", **segment_request(volume, model, place / "never", samples=1000))
    client.send_line(json.dumps({"id": number, "request": "hello"}).encode())
    assert "own id" in client.next_event("error")["sentence"]
    client.send("cancel", target=number)
    assert client.next_event("cancelled")["id"] == number


def test_check_gives_a_verdict(client, volume, phantom_ct, tmp_path):
    checked = client.answer("check", volume=volume)
    assert (checked["event"], checked["verdict"], checked["sentences"]) == ("checked", "ok", [])
    tilted = phantom_ct.affine.copy()
    tilted[1, 0] = 2.0
    checked = client.answer("check", volume=volume | {"affine": tilted.tolist()})
    assert checked["verdict"] == "warning"
    assert any("gantry was tilted" in sentence for sentence in checked["sentences"])
    neck = volume_of(HeadCT(phantom_ct.hu[:4].copy(), phantom_ct.affine), tmp_path / "neck.raw")
    assert any("no inside of a skull" in sentence.lower() for sentence in client.answer("check", volume=neck)["sentences"])
    brightness = volume_of(HeadCT(np.abs(phantom_ct.hu), phantom_ct.affine), tmp_path / "mr.raw")
    checked = client.answer("check", volume=brightness)
    assert checked["verdict"] == "unusable"
    assert checked["sentences"][0].startswith("The CT has intensities from")
    assert checked["sentences"][0].endswith((".", "?"))


@pytest.mark.parametrize(
    ("options", "kind", "says"),
    [
        ({"samples": 0}, "argument", "Samples must be 1 or more"),
        ({"device": "tpu"}, "argument", "'tpu' is unknown"),
        ({"method": "magic"}, "argument", "does not offer the method"),
        ({"preset": "wild"}, "argument", "paper, anisotropic"),
        ({"model": "no-such-model"}, "model", "no-such-model"),
        ({"folder": ""}, "argument", "names no folder"),
        ({"folder": "/no/such/place/result"}, "resource", "does not exist"),
    ],
)
def test_failures_have_a_kind_and_a_sentence(client, volume, model, place, options, kind, says):
    event = client.answer("segment", **segment_request(volume, model, place / "failed") | options)
    assert (event["event"], event["kind"], event["detail"]) == ("error", kind, ""), event
    assert says in event["sentence"]
    assert not (place / "failed").exists()


def test_a_volume_of_another_size_or_missing(client, volume, model, place):
    for change in ({"shape": [21, 48, 40]}, {"dtype": "float32"}, {"file": str(place / "gone.raw")}):
        event = client.answer("segment", **segment_request(volume | change, model, place / "failed"))
        assert (event["event"], event["kind"]) == ("error", "input"), event
        assert "segment again" in event["sentence"]


def test_what_is_there_already_is_not_replaced(client, run, volume, model):
    event = client.answer("segment", **segment_request(volume, model, run[1]))
    assert (event["event"], event["kind"]) == ("error", "argument")
    assert (run[1] / "result.json").is_file()


def test_cancelled_within_a_second_and_nothing_left(client, volume, model, place):
    """The engine is warm here, as it is whenever samples are drawn."""
    (place / "cancel").mkdir()
    folder = place / "cancel" / "result"
    number = client.send("segment", **segment_request(volume, model, folder, samples=10_000, preview=False))
    waiting = client.send("segment", **segment_request(volume, model, folder))
    while client.next_event("progress")["done"] < 2:
        pass
    client.send("cancel", target=waiting)
    client.send("cancel", target=number)
    asked = time.monotonic()
    assert client.next_event("cancelled")["id"] == number
    assert time.monotonic() - asked < 1
    assert client.next_event("cancelled")["id"] == waiting
    assert list(folder.parent.iterdir()) == []
    client.send("cancel", target=number)  # too late: nothing happens
    assert client.answer("hello")["event"] == "hello"


def test_models_are_imported(tiny_model, tmp_path):
    with running_worker(environment={"HEMORRHAGE_MODELS": str(tmp_path / "models")}) as client:
        assert client.answer("import_model", path=str(tiny_model))["name"] == "tiny"
        assert (tmp_path / "models" / "tiny" / "model.json").is_file()
        again = client.answer("import_model", path=str(tiny_model))
        assert (again["event"], again["kind"]) == ("error", "model")
        assert "already a model called 'tiny'" in again["sentence"]
        assert [each["name"] for each in client.answer("hello")["models"]] == ["simulated-nnunet", "simulated-slexnet", "tiny"]


def test_quit_ends_a_run(volume, model, place):
    with running_worker() as client:
        number = client.send("segment", **segment_request(volume, model, place / "quit", samples=10_000, preview=False))
        while client.next_event("progress")["stage"] != "sampling":
            pass
        client.send_line(b'{"request": "quit"}')
        assert client.next_event("cancelled")["id"] == number
        assert client.process.wait(timeout=10) == 0


def test_ends_with_its_input(volume, model, place):
    with running_worker() as client:
        client.send("segment", **segment_request(volume, model, place / "orphan", samples=10_000, preview=False))
        while client.next_event("progress")["done"] < 2:
            pass
        assert client.end() == 0
    assert not [path for path in place.iterdir() if "orphan" in path.name]


#: Makes the worker hang while it writes a result, after its arrays.
STALL = """
import time
import hemorrhage.report
def stall(segmentation, path):
    path.touch()
    time.sleep(3600)
hemorrhage.report.write_overview = stall
"""


def wait_until_it_stalls(client: WorkerClient, parent: Path) -> None:
    while client.next_event("progress")["stage"] != "writing":
        pass
    deadline = time.monotonic() + 60
    while not any(parent.glob(".result.partial-*/overview.png")):
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_killed_while_writing_leaves_only_what_the_client_removes(volume, model, place):
    """Half a result never has the result's name, and everything lies in the folder that the client made."""
    (place / "killed").mkdir()
    before = set(place.iterdir())
    with running_worker(STALL) as client:
        client.send("segment", **segment_request(volume, model, place / "killed" / "result", samples=1))
        wait_until_it_stalls(client, place / "killed")
        client.process.send_signal(signal.SIGKILL)
        client.process.wait()
    left = {path.name.split("-")[0] for path in (place / "killed").iterdir()}
    assert left == {".result.partial", "result.preview"}
    shutil.rmtree(place / "killed")
    assert set(place.iterdir()) == before - {place / "killed"}


def test_a_job_that_does_not_stop_is_left_where_it_is(volume, model, place):
    """Standard input has ended, but a library is busy for an hour."""
    (place / "busy").mkdir()
    with running_worker(STALL) as client:
        client.send("segment", **segment_request(volume, model, place / "busy" / "result", samples=1, preview=False))
        wait_until_it_stalls(client, place / "busy")
        assert client.end() == 1
    assert list((place / "busy").iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_asked_to_terminate(volume, model, place):
    """What is being written is removed on the way out."""
    (place / "terminated").mkdir()
    with running_worker(STALL) as client:
        client.send("segment", **segment_request(volume, model, place / "terminated" / "result", samples=1, preview=False))
        wait_until_it_stalls(client, place / "terminated")
        client.process.send_signal(signal.SIGINT)  # for the host, not for us
        client.process.send_signal(signal.SIGTERM)
        assert client.process.wait(timeout=30) == 0
    assert list((place / "terminated").iterdir()) == []
