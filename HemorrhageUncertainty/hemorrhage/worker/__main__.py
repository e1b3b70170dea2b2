"""``python -m hemorrhage.worker``: the process around `Service`."""

from __future__ import annotations

import os
import signal
import sys
import threading
from io import FileIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .service import Service

#: A job that has not stopped so many seconds after standard input has ended is left where it is.
GRACE_S = 5.0


def main() -> int:
    """Serve standard input until it ends; return the exit code."""
    from .private_output import take_standard_input, take_standard_output

    requests, replies = take_standard_input(), take_standard_output()
    # Ctrl-C in the host's terminal is for the host; it ends us by closing our input.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    from .events import EventWriter
    from .jobs import Jobs
    from .service import Service

    service = Service(EventWriter(replies, on_broken=lambda: service.end()), Jobs())
    done = threading.Event()
    threading.Thread(target=_listen, args=(requests, service, done), name="requests", daemon=True).start()
    try:
        service.work()
    finally:
        done.set()
    return 0


def _listen(requests: FileIO, service: Service, done: threading.Event) -> None:
    """Hand lines to the service; when they end, see to it that the process ends too."""
    from .request_lines import request_lines

    for line in request_lines(requests):
        service.take(line)
    service.end()
    if not done.wait(GRACE_S):
        from .result_files import remove_partial_folders

        for folder in service.open_folders():
            remove_partial_folders(folder)
        os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
