"""Is the application's event loop ever blocked? A timer that notices."""

from __future__ import annotations

import gc
import itertools
import time
from collections.abc import Callable
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


def least_late_ms(run: Callable[[], object], enough_ms: float = 100.0, tries: int = 3) -> float:
    """Return the latest beat, in ms, of the steadiest of a few runs; the first below `enough_ms` is steady enough.

    Other programs also slow a turn down through caches, memory and, where the computer is a virtual one, its host; of that no
    scheduler tells. They do so at random; a turn that is too long by itself is too long in every run.
    """
    least = float("inf")
    for _ in range(tries):
        with Heartbeat() as heartbeat:
            run()
        least = min(least, heartbeat.latest_ms)
        if least < enough_ms:
            break
    return least


def _waited_for_processor() -> float:
    """Return for how many seconds this thread has waited for a processor since it began; 0 where nobody knows."""
    try:
        return int(_SCHEDULER.read_text().split()[1]) * 1e-9
    except (OSError, ValueError, IndexError):
        return 0.0
