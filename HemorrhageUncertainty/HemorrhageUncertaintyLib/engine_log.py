"""What the engine process wrote beside the protocol: its last lines in memory, all of it in a file that can be opened."""

from __future__ import annotations

from collections import deque
from pathlib import Path

_LINES_IN_MEMORY = 200
#: The file is begun anew when it gets larger than this.
_LARGEST_FILE = 5_000_000


class EngineLog:
    """Collects text in pieces, as a pipe delivers it.

    Parameters
    ----------
    path : Path
        The file; it is emptied.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lines: deque[str] = deque(maxlen=_LINES_IN_MEMORY)
        self._partial = ""
        self._written = 0
        self._write("", anew=True)

    @property
    def lines(self) -> list[str]:
        """The last lines, oldest first."""
        return [*self._lines, *([self._partial] if self._partial else [])]

    @property
    def last_line(self) -> str:
        """The last line that is not blank, or an empty string."""
        return next((line.strip() for line in reversed(self.lines) if line.strip()), "")

    def add(self, text: str) -> None:
        """Append text; it may end in the middle of a line."""
        *complete, self._partial = (self._partial + text.replace("\r\n", "\n")).split("\n")
        self._lines.extend(complete)
        self._write(text, anew=self._written > _LARGEST_FILE)

    def _write(self, text: str, *, anew: bool) -> None:
        try:
            with self.path.open("w" if anew else "a", encoding="utf-8", errors="replace") as stream:
                stream.write(text)
        except OSError:
            return  # a log that cannot be written must not stop a segmentation
        self._written = len(text) if anew else self._written + len(text)
