"""The last lines that pip printed, because its exit code alone says nothing."""

from __future__ import annotations

import contextlib
import sys
from collections import deque
from collections.abc import Iterator
from typing import Any


class LastLines:
    """A stream that passes everything on and remembers the last lines.

    Parameters
    ----------
    stream : text stream
        Where the text goes.
    """

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._lines: deque[str] = deque([""], maxlen=200)

    def write(self, text: str) -> int:
        """Write text."""
        first, *others = text.split("\n")
        self._lines[-1] += first
        self._lines.extend(others)
        self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Flush the stream."""
        self._stream.flush()

    @property
    def text(self) -> str:
        """All lines that are remembered."""
        return "\n".join(self._lines)

    @property
    def error(self) -> str:
        """The last line that says what went wrong, else the last line."""
        lines = [line.strip() for line in self._lines if line.strip()]
        errors = [line for line in lines if line.lower().startswith("error")]
        return (errors or lines or [""])[-1]


@contextlib.contextmanager
def last_lines() -> Iterator[LastLines]:
    """Remember what is printed inside the block; Slicer prints every line of pip."""
    lines = LastLines(sys.stdout)
    with contextlib.redirect_stdout(lines):
        yield lines
