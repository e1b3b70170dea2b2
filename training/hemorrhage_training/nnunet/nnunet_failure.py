"""Failures of nnU-Net that a user can do something about, in a sentence."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from hemorrhage.errors import ResourceError

#: What nnU-Net and batchgenerators say when one of their processes is gone: they do not know why.
_GONE = ("background worker", "background process")


@contextmanager
def said_in_a_sentence() -> Iterator[None]:
    """Raise `ResourceError` where nnU-Net reports that one of its processes is gone; other failures stay what they are.

    The thread that collects patches says the same once more, with a traceback: not here.
    """
    told = threading.excepthook

    def tell(failure: threading.ExceptHookArgs) -> None:
        if not _is_gone(failure.exc_value):
            told(failure)

    threading.excepthook = tell
    try:
        yield
    except RuntimeError as error:
        if not _is_gone(error):
            raise
        raise ResourceError(
            "a process of nnU-Net was killed, probably for want of memory (in a container also of /dev/shm): give it more, or "
            "use fewer processes (processes in the configuration, the variable nnUNet_n_proc_DA while it trains); "
            "the same command goes on"
        ) from error
    finally:
        threading.excepthook = told


def _is_gone(error: BaseException | None) -> bool:
    return isinstance(error, RuntimeError) and any(words in str(error).lower() for words in _GONE)
