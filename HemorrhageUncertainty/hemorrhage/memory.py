"""How much memory this process may still use, and a refusal before a run that cannot fit."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

from .errors import ResourceError

_UNLIMITED = 1 << 60


def available_memory_bytes() -> int | None:
    """Return the free main memory in bytes, within a container's limit; None where it cannot be told."""
    candidates = [value for value in (_system_available(), _cgroup_available()) if value is not None]
    return min(candidates) if candidates else None


def require_memory(needed_bytes: int, purpose: str, available_bytes: int | None = None) -> None:
    """Refuse what cannot fit into main memory.

    Parameters
    ----------
    needed_bytes : int
        Estimate of the peak.
    purpose : str
        What needs it, for the message.
    available_bytes : int, optional
        Free memory; measured if not given.

    Raises
    ------
    ResourceError
    """
    available = available_memory_bytes() if available_bytes is None else available_bytes
    if available is not None and needed_bytes > available:
        raise ResourceError(
            f"{purpose} needs about {needed_bytes / 2**30:.1f} GiB of memory, but only {available / 2**30:.1f} GiB are free: "
            "close other programs or use a machine with more memory"
        )


def _system_available() -> int | None:
    if sys.platform == "win32":
        return _windows_available()
    try:
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        pass
    try:  # macOS tells only the total: half of it is a fair guess of what is free
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
    except (AttributeError, ValueError, OSError):
        return None


def _windows_available() -> int | None:
    class MemoryStatus(ctypes.Structure):
        _fields_ = (
            ("length", ctypes.c_ulong),
            ("load", ctypes.c_ulong),
            *(
                (name, ctypes.c_ulonglong)
                for name in ("total", "available", "page", "page_available", "virtual", "v_free", "ext")
            ),
        )

    status = MemoryStatus()
    status.length = ctypes.sizeof(MemoryStatus)
    library = getattr(ctypes, "windll").kernel32  # noqa: B009 - exists on Windows only
    return int(status.available) if library.GlobalMemoryStatusEx(ctypes.byref(status)) else None


def _cgroup_available() -> int | None:
    """Limit minus usage (without the page cache that can be given back) of the container, cgroup version 2 or 1."""
    for folder, limit_name, usage_name, cache_name in (
        ("/sys/fs/cgroup", "memory.max", "memory.current", "inactive_file"),
        ("/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
    ):
        try:
            limit = int(Path(folder, limit_name).read_text())
            usage = int(Path(folder, usage_name).read_text())
            statistics = dict(line.split() for line in Path(folder, "memory.stat").read_text().splitlines())
        except (OSError, ValueError):
            continue
        if limit < _UNLIMITED:
            return max(0, limit - usage + int(statistics.get(cache_name, 0)))
    return None
