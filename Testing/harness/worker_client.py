"""A client of ``python -m hemorrhage.worker``, as a test needs it: sends requests, waits for events."""

from __future__ import annotations

import itertools
import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from hemorrhage.head_ct import HeadCT

Event = dict[str, Any]
#: Events that end a request.
LAST = frozenset({"hello", "checked", "result", "imported", "cancelled", "error"})
PATIENCE_S = 60


class WorkerClient:
    """A running worker.

    Parameters
    ----------
    prelude : str
        Python that is run in the worker's process before it starts: what a library might do to it.
    environment : dict, optional
        Added to this process's environment.
    """

    def __init__(self, prelude: str = "", environment: dict[str, str] | None = None) -> None:
        script = f"{prelude}\nimport sys\nfrom hemorrhage.worker.__main__ import main\nsys.exit(main())"
        command = ["-c", script] if prelude else ["-m", "hemorrhage.worker"]
        self.process = subprocess.Popen(
            [sys.executable, *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "OMP_NUM_THREADS": "1", **(environment or {})},
        )
        self.lines: list[bytes] = []
        self.errors = b""
        self._numbers = itertools.count(1)
        self._events: queue.Queue[Event | None] = queue.Queue()
        self._threads = [threading.Thread(target=target, daemon=True) for target in (self._listen, self._listen_to_errors)]
        for thread in self._threads:
            thread.start()

    def send(self, request: str, **fields: Any) -> int:
        """Send a request; return its id."""
        number = next(self._numbers)
        self.send_line(json.dumps({"id": number, "request": request, **fields}).encode())
        return number

    def send_line(self, line: bytes) -> None:
        """Send a line as it is."""
        assert self.process.stdin is not None
        self.process.stdin.write(line + b"\n")
        self.process.stdin.flush()

    def next_event(self, *names: str) -> Event:
        """Wait for the next event (of one of these names, if any)."""
        while True:
            event = self._events.get(timeout=PATIENCE_S)
            assert event is not None, f"the worker ended: {self.errors.decode(errors='replace')}"
            if not names or event["event"] in names:
                return event

    def events_of(self, number: int) -> list[Event]:
        """Wait until a request has ended; return its events."""
        events = []
        while True:
            event = self.next_event()
            if event["id"] == number:
                events.append(event)
                if event["event"] in LAST:
                    return events

    def answer(self, request: str, **fields: Any) -> Event:
        """Send a request and return the event that ends it."""
        return self.events_of(self.send(request, **fields))[-1]

    def end(self) -> int:
        """Close the worker's input; return its exit code once it has ended."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        code = self.process.wait(timeout=PATIENCE_S)
        self.close()
        return code

    def close(self) -> None:
        """End the worker in any case."""
        self.process.kill()
        self.process.wait()
        for thread in self._threads:
            thread.join()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream is not None:
                with suppress(OSError):  # something was written to a process that had ended
                    stream.close()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)
            self._events.put(json.loads(line))
        self._events.put(None)

    def _listen_to_errors(self) -> None:
        assert self.process.stderr is not None
        self.errors = self.process.stderr.read()


@contextmanager
def running_worker(prelude: str = "", environment: dict[str, str] | None = None) -> Iterator[WorkerClient]:
    """Start a worker, and end it in any case."""
    client = WorkerClient(prelude, environment)
    try:
        yield client
    finally:
        client.close()


def volume_of(ct: HeadCT, file: Path, name: str = "phantom") -> dict[str, Any]:
    """Write a CT as the protocol wants it, int16, and return its description."""
    ct.hu.astype("<i2").tofile(file)
    return {"file": str(file), "dtype": "int16", "shape": list(ct.shape), "affine": ct.affine.tolist(), "name": name}
