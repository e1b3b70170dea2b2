"""What the worker says: one JSON object a line."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from io import RawIOBase
from typing import Any

from ..json_types import json_types
from .requests import RequestId


class EventWriter:
    """Writes events, whole lines only, from any thread.

    Parameters
    ----------
    stream : RawIOBase
        Unbuffered.
    on_broken : callable
        Called when nobody reads any more; later events go nowhere.
    """

    def __init__(self, stream: RawIOBase, on_broken: Callable[[], None]) -> None:
        self._stream = stream
        self._on_broken = on_broken
        self._lock = threading.Lock()
        self._broken = False

    def write(self, request_id: RequestId | None, event: str, **fields: Any) -> None:
        """Write one event; numbers that JSON lacks become null, letters beyond ASCII are escaped."""
        line = json.dumps(json_types({"id": request_id, "event": event, **fields}), allow_nan=False) + "\n"
        rest = memoryview(line.encode("ascii"))
        with self._lock:
            while rest and not self._broken:
                try:
                    rest = rest[self._stream.write(rest) or 0 :]
                except OSError:
                    self._broken = True
        if self._broken:
            self._on_broken()
