"""Does memory grow? Counted where it is asked for, not where the system has put it."""

from __future__ import annotations

import ctypes
import gc
from typing import ClassVar


class _Numbers(ctypes.Structure):
    """`struct mallinfo2` of the GNU C library: bytes, and counts of blocks."""

    _fields_: ClassVar = [
        (name, ctypes.c_size_t)
        for name in (
            *("arena", "ordblks", "smblks", "hblks", "hblkhd"),
            *("usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"),
        )
    ]


def can_count() -> bool:
    """Whether this system's C library tells."""
    try:
        return hasattr(ctypes.CDLL("libc.so.6"), "mallinfo2")
    except OSError:
        return False


def allocated_mb() -> float:
    """Return the memory of this process that was asked for and not given back, in MB, after a collection of garbage.

    Images and arrays are in it, those that only C++ still holds too. How much of it is resident also depends on the holes that
    all before it has left, and so grows and shrinks where nothing leaks. Python's small objects and mapped files are not counted.
    """
    gc.collect()
    library = ctypes.CDLL("libc.so.6")
    library.mallinfo2.restype = _Numbers
    numbers = library.mallinfo2()
    return (numbers.uordblks + numbers.hblkhd) / 1e6
