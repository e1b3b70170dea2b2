"""Is the application's event loop ever blocked? A timer that notices."""

from __future__ import annotations

import gc
import itertools
import time
from pathlib import Path
from typing import Any

INTERVAL_MS = 20
_SCHEDULER = Path("/proc/thread-self/schedstat")


class Heartbeat:
    """A timer of 20 ms in the event loop, as a context manager.

    Time in which this thread could have run, but the system gave the processor to other programs, does not count (on Linux, where
    the scheduler tells): a loaded computer makes no test fail, and whatever computes or waits too long in one turn is still seen.
    Neither does Python's collection of garbage among what earlier tests have left in this process, which grows with each of them.
    """

    def __init__(self) -> None:
        self._beats: list[float] = []
        self._timer: Any = None

    def __enter__(self) -> Heartbeat:
        import qt

        gc.collect()
        gc.freeze()
        self._timer = qt.QTimer()
        self._timer.setInterval(INTERVAL_MS)
        self._timer.connect("timeout()", self._beat)
        self._beat()
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.stop()
        self._beat()
        gc.unfreeze()

    @property
    def count(self) -> int:
        """How often it beat."""
        return len(self._beats)

    @property
    def latest_ms(self) -> float:
        """By how much the latest beat was late, in ms."""
        gaps = (later - earlier for earlier, later in itertools.pairwise(self._beats))
        return max(gaps, default=0.0) * 1000 - INTERVAL_MS

    def _beat(self) -> None:
        self._beats.append(time.monotonic() - _waited_for_processor())


def _waited_for_processor() -> float:
    """Return for how many seconds this thread has waited for a processor since it began; 0 where nobody knows."""
    try:
        return int(_SCHEDULER.read_text().split()[1]) * 1e-9
    except (OSError, ValueError, IndexError):
        return 0.0
