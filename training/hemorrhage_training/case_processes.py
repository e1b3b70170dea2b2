"""Independent work on many cases, in one process or several, that stops between cases."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TypeVar

from hemorrhage.errors import ExitCode, Interrupted, ResourceError
from hemorrhage.page_reuse import reuse_freed_memory
from hemorrhage.progress import StopCallback

#: How often, in seconds, a run with several processes asks whether it should stop.
_PATIENCE_S = 0.2

Result = TypeVar("Result")


def work_through(
    work: Callable[..., Result], cases: Sequence[tuple[Any, ...]], jobs: int, should_stop: StopCallback | None
) -> Iterator[tuple[int, Result]]:
    """Yield (index, ``work(*cases[index])``) as the cases are finished: in order with one job, in any order with several.

    Parameters
    ----------
    work : callable
        With several jobs, a function of a module; it, its arguments and its result must be picklable.
    cases : sequence of tuple
        The arguments of each call.
    jobs : int
        Processes, at least 1. One works here, without any other process.
    should_stop : callable, optional
        Asked before each case, or several times a second with several jobs, whose cases in work are then finished.

    Raises
    ------
    Interrupted
        `should_stop` returned True.
    ResourceError
        A process was killed, most likely for want of memory.
    Exception
        What `work` raises.
    """
    if jobs == 1 or len(cases) < 2:
        for index, case in enumerate(cases):
            _stop_if_asked(should_stop)
            yield index, work(*case)
        return
    # A new interpreter per process: a fork would carry the threads' locks of libraries along.
    context = multiprocessing.get_context("spawn")
    processes = min(jobs, len(cases))
    pool = ProcessPoolExecutor(processes, mp_context=context, initializer=_begin_process, initargs=(processes,))
    try:
        waiting = {pool.submit(work, *case): index for index, case in enumerate(cases)}
        while waiting:
            _stop_if_asked(should_stop)
            for future in wait(waiting, timeout=_PATIENCE_S, return_when=FIRST_COMPLETED).done:
                yield waiting.pop(future), future.result()
    except BrokenProcessPool as error:
        raise ResourceError("a process was killed, probably for want of memory: run it again with fewer --jobs") from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _begin_process(processes: int) -> None:
    """Leave Ctrl-C to the main process, which lets the cases in work end and starts no more; share the cores."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_main_process, daemon=True).start()
    reuse_freed_memory()
    threads = max(1, len(os.sched_getaffinity(0)) // processes) if hasattr(os, "sched_getaffinity") else 1
    # Read when torch and NumPy's libraries are loaded, which in a new interpreter has not happened yet.
    os.environ.setdefault("OMP_NUM_THREADS", str(threads))


def _end_with_main_process() -> None:
    """End when the main process is gone: killed, it tells nobody, and this one would wait for cases, holding memory, for ever."""
    main = multiprocessing.parent_process()
    if main is not None:
        main.join()
        os._exit(ExitCode.INTERRUPTED)


def _stop_if_asked(should_stop: StopCallback | None) -> None:
    if should_stop is not None and should_stop():
        raise Interrupted("stopped; finished cases are kept, the same command goes on from there")
