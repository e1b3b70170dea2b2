"""What a job can do while it works: say how far it is, and learn that it should stop."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from ..errors import Interrupted
from ..progress import Progress
from ..remaining_time import RemainingTime
from .events import EventWriter
from .requests import RequestId


class JobReport:
    """The line between one job and the client.

    Parameters
    ----------
    request_id : int, str or None
    events : EventWriter
    is_ending : callable
        Whether the whole process should end.
    """

    def __init__(self, request_id: RequestId | None, events: EventWriter, is_ending: Callable[[], bool]) -> None:
        self.request_id = request_id
        self._events = events
        self._is_ending = is_ending
        self._cancelled = threading.Event()
        self._remaining = RemainingTime()

    def cancel(self) -> None:
        """Ask the job to stop; from any thread."""
        self._cancelled.set()

    def should_stop(self) -> bool:
        """Whether the job should stop."""
        return self._cancelled.is_set() or self._is_ending()

    def stop_if_asked(self) -> None:
        """Raise `Interrupted` if the job should stop."""
        if self.should_stop():
            raise Interrupted("stopped on request: nothing was written")

    def event(self, event: str, **fields: Any) -> None:
        """Send an event of this request."""
        self._events.write(self.request_id, event, **fields)

    def progress(self, progress: Progress) -> None:
        """Send a progress report, with the seconds that its stage still takes as far as that can be said."""
        seconds = self._remaining.update(progress)
        self.event(
            "progress",
            stage=progress.stage.value,
            done=progress.done,
            total=progress.total,
            remaining_s=None if seconds is None else round(seconds, 1),
            message=progress.message,
        )
