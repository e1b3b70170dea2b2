"""Ctrl-C and SIGTERM end a command as soon as possible, and cleanly."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from ..errors import ExitCode


class StopSignal(BaseException):
    """The user asked to stop. Not an `Exception`, so that no library on the way takes it for a failure of its own."""


#: Signals received while the context is open. The first unwinds (and removes temporary files), the second is ignored while that
#: happens, the third ends the process at once.
_received: list[int] = []


def stop_requested() -> bool:
    """Whether a signal came; for `should_stop`, in case the exception was lost in code that cannot raise (a finalizer)."""
    return bool(_received)


@contextmanager
def stop_on_signals() -> Iterator[None]:
    """Raise `StopSignal` on SIGINT and SIGTERM while the context is open, and put the former handlers back.

    In another thread than the main one, where Python allows no handlers, signals stay as they are.
    """
    _received.clear()
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    former = {number: signal.signal(number, _on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
        _received.clear()  # or whatever this process runs next would stop too


def _forget_in_child() -> None:
    """Let a forked process die of signals as it would without us.

    A library's worker that inherited the handler may get the signal just before it waits for a lock: Python would then call the
    handler after the wait, which has no end, and whoever asked the worker to go would wait for it as long.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is _on_signal:
            signal.signal(number, signal.SIG_DFL)


if hasattr(os, "register_at_fork"):  # not on Windows, which has no fork
    os.register_at_fork(after_in_child=_forget_in_child)


def _on_signal(number: int, frame: FrameType | None) -> None:
    _received.append(number)
    if len(_received) == 1:
        raise StopSignal
    if len(_received) > 2:
        os._exit(ExitCode.INTERRUPTED)
