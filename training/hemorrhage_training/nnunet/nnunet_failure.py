"""Failures of nnU-Net that a user can do something about, in a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from hemorrhage.errors import ResourceError

#: What nnU-Net and batchgenerators say when one of their processes is gone: they do not know why.
_GONE = ("background worker", "background process")


@contextmanager
def said_in_a_sentence() -> Iterator[None]:
    """Raise `ResourceError` where nnU-Net reports that one of its processes is gone; other failures stay what they are."""
    try:
        yield
    except RuntimeError as error:
        if not any(words in str(error).lower() for words in _GONE):
            raise
        raise ResourceError(
            "a process of nnU-Net was killed, probably for want of memory (in a container also of /dev/shm): give it more, or "
            "use fewer processes (processes in the configuration, the variable nnUNet_n_proc_DA while it trains); "
            "the same command goes on"
        ) from error
