"""Waiting in tests as an application waits: in its event loop."""

from __future__ import annotations

import time
from collections.abc import Callable


def wait_until(condition: Callable[[], object], seconds: float = 20.0) -> None:
    """Process events until `condition` holds.

    Raises
    ------
    AssertionError
        It does not hold in time.
    """
    import slicer

    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"this did not happen within {seconds:g} s"
        slicer.app.processEvents()
        time.sleep(0.002)
