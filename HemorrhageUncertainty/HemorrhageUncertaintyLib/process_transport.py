"""A child process with pipes, inside Qt's event loop.

``QProcess`` rather than ``slicer.util.launchConsoleProcess``: that one merges error output into the output, offers no
standard input, and reads in a Python thread, which gets little time while Slicer's event loop holds the interpreter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from .process_tree import kill_tree


@dataclass(frozen=True)
class ProcessEnd:
    """How a process ended.

    Attributes
    ----------
    started : bool
        False if the program could not be started at all.
    code : int
        Exit code, or the number of the signal that ended it if `crashed`.
    crashed : bool
        Ended by a signal or an exception of the operating system.
    """

    started: bool
    code: int = 0
    crashed: bool = False


class ProcessTransport(Protocol):
    """What the engine process needs of a child process; all callbacks come from the event loop, `onEnd` last and once."""

    def start(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        onOutput: Callable[[bytes], None],
        onErrorOutput: Callable[[bytes], None],
        onEnd: Callable[[ProcessEnd], None],
    ) -> None:
        """Start without waiting."""

    def write(self, data: bytes) -> None:
        """Queue bytes for its standard input."""

    def closeInput(self) -> None:
        """Close its standard input when everything queued is written."""

    def kill(self) -> None:
        """End it and everything that it started, without waiting."""

    def waitUntilGone(self, milliseconds: int) -> bool:
        """Wait for its end at most so long; True if it is gone."""


class QtProcessTransport:
    """A `ProcessTransport` over ``qt.QProcess``."""

    def __init__(self) -> None:
        self._process = None

    def start(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        onOutput: Callable[[bytes], None],
        onErrorOutput: Callable[[bytes], None],
        onEnd: Callable[[ProcessEnd], None],
    ) -> None:
        """Start without waiting; see `ProcessTransport`."""
        import qt

        self._onOutput, self._onErrorOutput, self._onEnd = onOutput, onErrorOutput, onEnd
        variables = qt.QProcessEnvironment()
        for name, value in environment.items():
            variables.insert(name, value)
        self._process = process = qt.QProcess()
        process.setProcessEnvironment(variables)
        process.connect("readyReadStandardOutput()", self._readOutput)
        process.connect("readyReadStandardError()", self._readErrorOutput)
        process.connect("finished(int,QProcess::ExitStatus)", self._finished)
        process.connect("errorOccurred(QProcess::ProcessError)", self._failed)
        process.start(command[0], list(command[1:]))

    def write(self, data: bytes) -> None:
        """Queue bytes for its standard input."""
        if self._process is not None:
            self._process.write(data)

    def closeInput(self) -> None:
        """Close its standard input when everything queued is written."""
        if self._process is not None:
            self._process.closeWriteChannel()

    def kill(self) -> None:
        """End it and everything that it started, without waiting."""
        if self._process is None:
            return
        number = int(self._process.processId())
        if number > 0:
            kill_tree(number)
        else:
            self._process.kill()  # it is just being started

    def waitUntilGone(self, milliseconds: int) -> bool:
        """Wait for its end at most so long; True if it is gone."""
        import qt

        process = self._process
        if process is None or process.state() == qt.QProcess.NotRunning:
            return True
        return bool(process.waitForFinished(milliseconds))

    def _readOutput(self) -> None:
        if self._process is not None:
            self._onOutput(_bytes(self._process.readAllStandardOutput()))

    def _readErrorOutput(self) -> None:
        if self._process is not None:
            self._onErrorOutput(_bytes(self._process.readAllStandardError()))

    def _finished(self, code: int, status: object) -> None:
        import qt

        self._end(ProcessEnd(started=True, code=int(code), crashed=status == qt.QProcess.CrashExit))

    def _failed(self, error: object) -> None:
        import qt

        if error == qt.QProcess.FailedToStart:  # every other error is followed by finished()
            self._end(ProcessEnd(started=False))

    def _end(self, end: ProcessEnd) -> None:
        import qt

        process = self._process
        if process is None:
            return
        if end.started:
            self._readOutput()
            self._readErrorOutput()
        self._process = None
        # Not now, since its signal is being handled. The function keeps it until then: PythonQt destroys at once what Python
        # made and no longer knows, and Qt would come back from the signal to an object that is gone.
        qt.QTimer.singleShot(0, lambda: process.deleteLater())
        self._onEnd(end)


def _bytes(array: object) -> bytes:
    """Return the content of a QByteArray."""
    return bytes(array.data())  # type: ignore[attr-defined]
