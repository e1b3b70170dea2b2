"""The child process behind the engine: Qt's object outlives the signal that says that the process has ended."""

from __future__ import annotations

import weakref

import pytest
import qt

from harness.event_loop import wait_until
from HemorrhageUncertaintyLib.process_transport import QtProcessTransport


class _Process:
    """A `QProcess` that is gone as soon as Python forgets it, as with PythonQt; PySide6 keeps one while its signal is handled."""

    CrashExit, FailedToStart = qt.QProcess.CrashExit, qt.QProcess.FailedToStart

    def __init__(self):
        self.slots = {}

    def setProcessEnvironment(self, variables):
        pass

    def connect(self, signal, slot):
        self.slots[signal] = slot

    def start(self, program, arguments):
        pass

    def readAllStandardOutput(self):
        return qt.QByteArray(b"last words")

    def readAllStandardError(self):
        return qt.QByteArray()

    def deleteLater(self):
        pass


@pytest.mark.parametrize(
    ("signal", "arguments", "heard"),
    [
        ("finished(int,QProcess::ExitStatus)", (0, qt.QProcess.NormalExit), b"last words"),
        ("errorOccurred(QProcess::ProcessError)", (qt.QProcess.FailedToStart,), b""),
    ],
)
def test_the_process_is_destroyed_only_after_its_signal_was_handled(monkeypatch, signal, arguments, heard):
    monkeypatch.setattr(qt, "QProcess", _Process)
    transport, output, ends = QtProcessTransport(), [], []
    transport.start(["program"], {}, output.append, lambda data: None, ends.append)
    process = weakref.ref(transport._process)
    process().slots[signal](*arguments)
    assert len(ends) == 1
    assert b"".join(output) == heard
    assert process() is not None, "Qt comes back from the signal to an object that is gone"
    wait_until(lambda: process() is None)
