"""Keep freed memory in the process, so that a network's large arrays do not cost page faults over and over (Linux, glibc)."""

from __future__ import annotations

import ctypes
import sys

# Parameters of glibc's mallopt(3).
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_MAX = -1, -2, -4


def reuse_freed_memory() -> bool:
    """Ask the C library to keep freed memory for the next allocation; return whether it will.

    By default glibc maps every large array anew and gives it back when freed; the kernel then clears each page again. A forward
    pass of a 3D network on a CPU frees and allocates gigabytes: without this it took 1.7 times as long in
    ``Testing/benchmarks``. The price: what the process once used stays with it until it ends, so this is for programs that do
    one thing (the command line, the worker), not for a host such as Slicer. It acts on the whole process and cannot be undone.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return False  # another C library
    settings = ((_MMAP_MAX, 0), (_TRIM_THRESHOLD, 2**31 - 1), (_TOP_PAD, 64 * 1024**2))
    return all(mallopt(parameter, value) == 1 for parameter, value in settings)


def give_back_freed_memory() -> bool:
    """Give back what `reuse_freed_memory` has kept, between two runs of a process that goes on; return whether anything was."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        return bool(ctypes.CDLL(None).malloc_trim(0))
    except (AttributeError, OSError):
        return False  # another C library
