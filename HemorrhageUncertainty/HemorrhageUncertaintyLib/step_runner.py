"""Work in small steps between the events of the application, so that it never feels frozen."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator
from typing import Any, TypeVar

T = TypeVar("T")

#: Steps are done one after another for this long; then the event loop gets its turn.
_TURN_S = 0.015


class StepRunner:
    """Runs a generator: each ``next`` is a step, what it returns is the result.

    Parameters
    ----------
    steps : generator
        Each step should take well under 0.1 s. Closing it must undo what is half done.
    onDone : callable
        Gets the generator's return value.
    onError : callable
        Gets the exception that ended it, or that `onDone` raised.
    """

    def __init__(
        self, steps: Generator[Any, None, Any], onDone: Callable[[Any], None], onError: Callable[[Exception], None]
    ) -> None:
        self._steps: Generator[Any, None, Any] | None = steps
        self._onDone = onDone
        self._onError = onError
        #: Whom to call with what, once the last step is done.
        self._outcome: tuple[Callable[[Any], None], Any] | None = None

    def start(self) -> None:
        """Begin with the next turn of the event loop."""
        import qt

        qt.QTimer.singleShot(0, self._turn)

    def stop(self) -> None:
        """Do no further step, and let the generator undo what is half done; neither callback is called."""
        steps, self._steps = self._steps, None
        if steps is not None and not steps.gi_running:
            steps.close()

    def finish(self) -> None:
        """Do all steps that are left now, and call back; nothing happens where a step is just being done, or all was told."""
        steps = self._steps
        if steps is None or steps.gi_running:
            return
        if self._outcome is None:
            try:
                self._outcome = (self._onDone, allSteps(steps))
            except Exception as error:
                self._outcome = (self._onError, error)
        self._tell()

    def _turn(self) -> None:
        steps, begun = self._steps, time.monotonic()
        if steps is None or self._outcome is not None:
            return
        try:
            while time.monotonic() - begun < _TURN_S:
                next(steps)
                if self._steps is None:  # a step had the side effect of stopping us
                    steps.close()
                    return
        except StopIteration as end:
            self._end(self._onDone, end.value)
        except Exception as error:
            self._end(self._onError, error)
        else:
            self.start()

    def _end(self, callback: Callable[[Any], None], value: Any) -> None:
        """Call back in a turn of its own: the last step and what follows it may each take as long as a step."""
        import qt

        self._outcome = (callback, value)
        qt.QTimer.singleShot(0, self._tell)

    def _tell(self) -> None:
        if self._steps is None or self._outcome is None:
            return
        self._steps = None
        callback, value = self._outcome
        try:
            callback(value)
        except Exception as error:  # Qt would only print it, and who waits for the end would wait for ever
            if callback == self._onError:
                logging.exception("HemorrhageUncertainty: an error could not be told")
            else:
                self._onError(error)


def allSteps(steps: Generator[Any, None, T]) -> T:
    """Do all steps of a generator now, and return what it returns."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value
