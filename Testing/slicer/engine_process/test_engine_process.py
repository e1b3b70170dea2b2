"""The engine process: asked, killed, crashing, and saying things that nobody understands."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from harness.event_loop import wait_until
from HemorrhageUncertaintyLib.engine_command import EngineCommand, EngineStartError
from HemorrhageUncertaintyLib.engine_log import EngineLog
from HemorrhageUncertaintyLib.engine_process import EngineProcess
from HemorrhageUncertaintyLib.process_tree import descendants
from HemorrhageUncertaintyLib.requests import (
    CancelledEvent,
    ErrorEvent,
    ErrorKind,
    HelloEvent,
    HelloRequest,
    ImportedEvent,
    ImportModelRequest,
    ProgressEvent,
    SegmentRequest,
    SilenceEvent,
    VolumeFile,
)


@pytest.fixture
def segment_request(tmp_path):
    file = tmp_path / "ct.raw"
    file.write_bytes(bytes(2 * 3 * 4 * 5))
    affine = ((0.0, 0.0, 1.0, 0.0), (0.0, 1.0, 0.0, 0.0), (1.0, 0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 1.0))
    return SegmentRequest(VolumeFile(file, "int16", (3, 4, 5), affine, "CT"), tmp_path / "result")


def last_event(engine, request):
    """Return the event that ends a request."""
    events = []
    engine.request(request, events.append)
    wait_until(lambda: events and events[-1].is_last)
    return events[-1]


def test_answers_and_stays_alive_between_requests(make_engine):
    engine = make_engine("good")
    assert not engine.isRunning
    assert isinstance(last_event(engine, HelloRequest()), HelloEvent)
    assert engine.hello.devices == ["cpu"]
    children = descendants(os.getpid())
    assert last_event(engine, ImportModelRequest(Path("/some where/módel.zip"))) == ImportedEvent("módel")
    assert descendants(os.getpid()) == children, "the second request started another process"


def test_pieces_of_lines_damaged_letters_and_printed_text_do_no_harm(make_engine, segment_request, tmp_path):
    (tmp_path / "empty").mkdir()
    engine = make_engine("garbage", tmp_path / "empty", tmp_path / "empty")
    events = []
    engine.request(segment_request, events.append)
    wait_until(lambda: events and events[-1].is_last)
    assert ProgressEvent("sampling", 1, 2) in events
    text = engine.log.path.read_text(encoding="utf-8")
    assert "Using device cpu" in text
    assert "{broken json" in text
    assert "caf\N{REPLACEMENT CHARACTER}" in text


@pytest.mark.parametrize(("behavior", "how"), [("crash", f"signal {int(signal.SIGSEGV)}"), ("exit", "exit code 7")])
def test_crash_ends_the_request_with_one_sentence_and_the_next_request_starts_anew(make_engine, segment_request, behavior, how):
    engine = make_engine(behavior)
    reasons = []
    engine.onExit = reasons.append
    event = last_event(engine, segment_request)
    assert isinstance(event, ErrorEvent)
    assert event.kind is ErrorKind.CRASH
    assert how in event.sentence
    assert str(engine.log.path) in event.sentence
    assert reasons == [event]
    assert not engine.isRunning
    assert isinstance(last_event(engine, HelloRequest()), HelloEvent)


def test_missing_package_is_named(make_engine):
    event = last_event(make_engine("missing"), HelloRequest())
    assert event.kind is ErrorKind.MISSING
    assert "a_package_that_nobody_has" in event.sentence
    assert "ModuleNotFoundError" in event.detail


def test_other_version_of_the_engine_is_refused(make_engine, segment_request):
    engine = make_engine("old")
    event = last_event(engine, segment_request)
    assert event.kind is ErrorKind.START
    assert "version" in event.sentence
    assert not engine.isRunning


def test_program_that_does_not_exist(tmp_path):
    command = EngineCommand((str(tmp_path / "no such program"),), {})
    engine = EngineProcess(lambda: command, EngineLog(tmp_path / "log"))
    event = last_event(engine, HelloRequest())
    assert event.kind is ErrorKind.START
    assert not engine.isRunning


def test_no_python_is_told_to_the_request(tmp_path):
    def no_python():
        raise EngineStartError("Reinstall 3D Slicer.")

    event = last_event(EngineProcess(no_python, EngineLog(tmp_path / "log")), HelloRequest())
    assert event == ErrorEvent(ErrorKind.START, "Reinstall 3D Slicer.")


def test_engine_that_does_not_come_up(make_engine):
    engine = make_engine("mute", startTimeoutS=0.3)
    event = last_event(engine, HelloRequest())
    assert event.kind is ErrorKind.START
    assert not engine.isRunning


def test_silence_is_told_and_the_request_goes_on(make_engine, segment_request):
    engine = make_engine("silent", silenceS=0.2)
    events = []
    engine.request(segment_request, events.append)
    wait_until(lambda: sum(isinstance(event, SilenceEvent) for event in events) == 2)
    assert engine.isRunning
    assert not any(event.is_last for event in events)


def test_kill_ends_the_launcher_and_what_it_started(make_engine, segment_request, tmp_path):
    engine = make_engine("launcher", tmp_path, tmp_path)
    before = set(descendants(os.getpid()))
    events = []
    engine.request(segment_request, events.append)
    wait_until(lambda: any(isinstance(event, ProgressEvent) for event in events))
    tree = set(descendants(os.getpid())) - before
    assert len(tree) == 2, "a launcher and the interpreter that it started"
    engine.kill()
    assert isinstance(events[-1], CancelledEvent)
    wait_until(lambda: not tree & set(descendants(os.getpid())), 1.0)
    assert not any(is_alive(pid) for pid in tree), "orphans are left"


def test_engine_ends_when_its_client_is_gone(make_engine, segment_request, tmp_path):
    """Its standard input ends, also when only the launcher was killed."""
    engine = make_engine("good")
    last_event(engine, HelloRequest())
    (engine_pid,) = descendants(os.getpid())[-1:]
    engine._transport.closeInput()
    wait_until(lambda: not is_alive(engine_pid))
    wait_until(lambda: not engine.isRunning)


def test_a_listener_that_fails_does_not_cost_others_their_events(make_engine, caplog):
    engine = make_engine("good")

    def fail(event):
        raise ValueError("a mistake in a listener")

    engine.request(HelloRequest(), fail)
    assert isinstance(last_event(engine, HelloRequest()), HelloEvent)
    assert "a mistake in a listener" in caplog.text


def is_alive(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
