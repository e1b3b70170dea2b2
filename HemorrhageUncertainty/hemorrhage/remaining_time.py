"""How long a stage still takes, judged by the pace of the steps done so far."""

from __future__ import annotations

import time
from collections.abc import Callable

from .progress import Progress, Stage


class RemainingTime:
    """Estimates how long the current stage still takes, from the steps done so far.

    Parameters
    ----------
    clock : callable
        Returns seconds; injected by tests.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._stage: Stage | None = None
        self._start = 0.0
        self._start_done = 0

    def update(self, progress: Progress) -> float | None:
        """Take note of a report; return seconds left in its stage, or None while nothing can be said."""
        now = self._clock()
        if progress.stage is not self._stage or progress.done < self._start_done:
            self._stage, self._start, self._start_done = progress.stage, now, progress.done
        finished = progress.done - self._start_done
        if finished <= 0 or progress.total <= 0:
            return None
        return (now - self._start) / finished * max(progress.total - progress.done, 0)
