"""Long computations beside the application's event loop."""

from __future__ import annotations

from collections.abc import Callable, Generator
from concurrent.futures import Future, wait
from threading import Thread
from typing import TypeVar

T = TypeVar("T")

#: Half of a turn of `step_runner.StepRunner`.
_WAIT_S = 0.008


def inBackground(compute: Callable[[], T]) -> Generator[None, None, T]:
    """Compute in a thread; return what it returns, or raise what it raises.

    Each step waits for it a moment. That is also when it gets Python's lock, which the application may keep as long as no Python
    code runs. If the generator is closed, the thread goes on to its end unheard.

    Parameters
    ----------
    compute : callable
        Touches arrays and files only: no node, no widget and no translated text.
    """
    outcome: Future[T] = Future()

    def work() -> None:
        try:
            outcome.set_result(compute())
        except BaseException as error:
            outcome.set_exception(error)

    Thread(target=work, name="HemorrhageUncertainty", daemon=True).start()
    while not wait([outcome], timeout=_WAIT_S).done:
        yield
    return outcome.result()
