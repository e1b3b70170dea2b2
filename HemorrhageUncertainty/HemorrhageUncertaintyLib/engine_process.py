"""The engine process: started when it is first needed, asked in JSON lines, alive between requests, ended as a whole."""

from __future__ import annotations

import itertools
import json
import logging
import re
import time
import traceback
from collections.abc import Callable

from slicer.i18n import tr as _

from .engine_command import EngineCommand, EngineStartError
from .engine_log import EngineLog
from .process_transport import ProcessEnd, ProcessTransport, QtProcessTransport
from .requests import (
    PROTOCOL,
    CancelledEvent,
    ErrorEvent,
    ErrorKind,
    Event,
    HelloEvent,
    HelloRequest,
    ProtocolError,
    Request,
    SilenceEvent,
    parse_event,
)

OnEvent = Callable[[Event], None]

#: A line longer than this is not of our protocol.
_LONGEST_LINE = 16_000_000
_KILL_WAIT_MS = 3000


class EngineProcess:
    """Talks to ``python -m hemorrhage.worker``.

    Every request gets events until one that `is_last`, whatever happens: if the engine cannot be started, crashes or is
    killed, that last event is made here.

    Parameters
    ----------
    makeCommand : callable
        Returns how to start the engine; called at each start.
    log : EngineLog
        Receives its error output, and whatever a library printed to its standard output.
    makeTransport : callable
        Makes the child process.
    startTimeoutS, silenceS : float
        How long it may take to come up before that is an error; how long it may say nothing before that is an event.
    """

    def __init__(
        self,
        makeCommand: Callable[[], EngineCommand],
        log: EngineLog,
        *,
        makeTransport: Callable[[], ProcessTransport] = QtProcessTransport,
        startTimeoutS: float = 180.0,
        silenceS: float = 120.0,
    ) -> None:
        self.log = log
        #: Called with the reason when it ended without having been asked to.
        self.onExit: Callable[[ErrorEvent], None] | None = None
        self._makeCommand = makeCommand
        self._makeTransport = makeTransport
        self._startTimeoutS = startTimeoutS
        self._silenceS = silenceS
        self._transport: ProcessTransport | None = None
        self._dying: list[ProcessTransport] = []
        self._pending: dict[str, OnEvent] = {}
        self._numbers = itertools.count(1)
        self._buffer = b""
        self._hello: HelloEvent | None = None
        self._startedAt = self._heardAt = 0.0
        self._watch = None

    @property
    def isRunning(self) -> bool:
        """Whether there is a process (it may still be coming up)."""
        return self._transport is not None

    @property
    def hello(self) -> HelloEvent | None:
        """What the running engine said about itself; None until it has."""
        return self._hello

    def start(self) -> None:
        """Start the process if there is none; it answers when it is up.

        Raises
        ------
        EngineStartError
            There is no Python interpreter to start it with.
        """
        if self._transport is not None:
            return
        command = self._makeCommand()
        transport = self._makeTransport()
        self._transport, self._buffer, self._hello = transport, b"", None
        self._startedAt = self._heardAt = time.monotonic()
        try:
            transport.start(
                command.command,
                command.environment,
                lambda data: self._receive(transport, data),
                lambda data: self.log.add(data.decode("utf-8", errors="replace")),
                lambda end: self._ended(transport, end),
            )
        except Exception:
            self._transport = None
            raise
        if self._transport is transport:
            self._send({"id": "hello", **HelloRequest().message()})

    def request(self, request: Request, onEvent: OnEvent) -> str:
        """Ask, starting the process if needed, and return the request's id; `onEvent` gets its events."""
        identifier = f"{request.kind}-{next(self._numbers)}"
        self._pending[identifier] = onEvent
        try:
            self.start()
        except EngineStartError as error:
            self._deliver(identifier, ErrorEvent(ErrorKind.START, str(error)))
            return identifier
        except Exception as error:
            sentence = _("The engine could not be started ({reason}): restart 3D Slicer, and run again.")
            text = sentence.format(reason=error or type(error).__name__)
            self._deliver(identifier, ErrorEvent(ErrorKind.START, text, traceback.format_exc()))
            return identifier
        if identifier in self._pending:
            self._heardAt = time.monotonic()
            self._send({"id": identifier, **request.message()})
            self._keepWatch()
        return identifier

    def cancel(self, identifier: str) -> None:
        """Ask the engine to give a request up; it stays alive, and the request ends with `CancelledEvent`."""
        if identifier in self._pending:
            self._send({"id": f"cancel-{next(self._numbers)}", "request": "cancel", "target": identifier})

    def kill(self, wait: bool = True) -> None:
        """End the whole process tree at once; every open request ends with `CancelledEvent`.

        Parameters
        ----------
        wait : bool
            Return only when the process is gone (a fraction of a second); else when the system was told to end it.
        """
        transport, self._transport, self._hello = self._transport, None, None
        if transport is not None:
            self._dying.append(transport)
            transport.kill()
        if wait:
            for dying in list(self._dying):
                dying.waitUntilGone(_KILL_WAIT_MS)
        for identifier in list(self._pending):
            self._deliver(identifier, CancelledEvent())
        self._keepWatch()

    def _send(self, message: dict) -> None:
        if self._transport is not None:
            self._transport.write(json.dumps(message).encode("ascii") + b"\n")

    def _receive(self, transport: ProcessTransport, data: bytes) -> None:
        if transport is not self._transport:
            return  # last words of a process that was given up
        self._heardAt = time.monotonic()
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        if len(self._buffer) > _LONGEST_LINE:
            self.log.add(self._buffer[:1000].decode("utf-8", errors="replace") + " [...]\n")
            self._buffer = b""
        for line in lines:
            self._read(line.decode("utf-8", errors="replace").strip())
            if transport is not self._transport:
                return

    def _read(self, line: str) -> None:
        if not line:
            return
        try:
            identifier, event = parse_event(line)
        except ProtocolError as problem:
            self.log.add(f"[not understood: {problem}] {line[:1000]}\n")
            return
        if identifier == "hello":
            self._meet(event)
        elif identifier in self._pending:
            self._deliver(identifier, event)
        elif isinstance(event, ErrorEvent):
            self.log.add(f"[{event.kind.value}] {event.sentence}\n{event.detail}\n")

    def _meet(self, event: Event) -> None:
        if isinstance(event, HelloEvent) and event.protocol == PROTOCOL:
            self._hello = event
            return
        reason = _("The engine is of another version than this module: restart 3D Slicer, and update the extension.")
        self._giveUp(ErrorEvent(ErrorKind.START, event.sentence if isinstance(event, ErrorEvent) else reason))

    def _deliver(self, identifier: str, event: Event) -> None:
        onEvent = self._pending.pop(identifier) if event.is_last else self._pending[identifier]
        try:
            onEvent(event)
        except Exception:  # one listener's fault must not cost the others their events
            logging.exception("HemorrhageUncertainty: an event of the engine could not be handled")

    def _giveUp(self, error: ErrorEvent) -> None:
        """End a process that does not behave; all open requests fail with `error`."""
        transport, self._transport, self._hello = self._transport, None, None
        if transport is not None:
            self._dying.append(transport)
            transport.kill()
        self._fail(error)

    def _ended(self, transport: ProcessTransport, end: ProcessEnd) -> None:
        if transport in self._dying:
            self._dying.remove(transport)
        if transport is not self._transport:
            return
        wasUp = self._hello is not None
        self._transport, self._hello = None, None
        self._fail(self._explain(end, wasUp))

    def _fail(self, error: ErrorEvent) -> None:
        for identifier in list(self._pending):
            self._deliver(identifier, error)
        self._keepWatch()
        if self.onExit is not None:
            self.onExit(error)

    def _explain(self, end: ProcessEnd, wasUp: bool) -> ErrorEvent:
        detail = "\n".join(self.log.lines[-40:])
        missing = re.findall(r"ModuleNotFoundError: No module named '([^'.]+)", detail)
        if missing and not end.crashed:
            sentence = _(
                "The engine needs the Python package “{name}”, which is not installed: install what is missing, and run again."
            )
            return ErrorEvent(ErrorKind.MISSING, sentence.format(name=missing[-1]), detail)
        if not end.started:
            sentence = _("The engine could not be started: check that 3D Slicer is installed completely, and run again.")
            return ErrorEvent(ErrorKind.START, sentence, detail)
        how = _("signal {code}") if end.crashed else _("exit code {code}")
        if wasUp:
            sentence = _(
                "The engine ended unexpectedly ({how}) and nothing was changed: run again, with fewer samples or on the CPU "
                "if memory may be short; its log is {path}."
            )
            return ErrorEvent(ErrorKind.CRASH, sentence.format(how=how.format(code=end.code), path=self.log.path), detail)
        sentence = _("The engine ended while it was starting ({how}): {reason} See its log {path}, and run again.")
        reason = self.log.last_line.rstrip(".")
        text = sentence.format(how=how.format(code=end.code), reason=f"{reason}." if reason else "", path=self.log.path)
        return ErrorEvent(ErrorKind.START, " ".join(text.split()), detail)

    def _keepWatch(self) -> None:
        """Look at the clock once a second while something is being waited for."""
        import qt

        if self._watch is None:
            self._watch = qt.QTimer()
            self._watch.setInterval(int(1000 * min(1.0, self._startTimeoutS / 4, self._silenceS / 4)))
            self._watch.connect("timeout()", self._look)
        if self._pending:
            self._watch.start()
        else:
            self._watch.stop()

    def _look(self) -> None:
        if not self._pending:
            self._keepWatch()
            return
        now = time.monotonic()
        if self._hello is None and now - self._startedAt > self._startTimeoutS:
            sentence = _(
                "The engine did not come up within {seconds:.0f} s: run again, and see its log {path} if it happens again."
            )
            text = sentence.format(seconds=self._startTimeoutS, path=self.log.path)
            self._giveUp(ErrorEvent(ErrorKind.START, text, "\n".join(self.log.lines[-40:])))
        elif now - self._heardAt > self._silenceS:
            seconds, self._heardAt = now - self._heardAt, now
            for identifier in list(self._pending):
                self._deliver(identifier, SilenceEvent(seconds))
