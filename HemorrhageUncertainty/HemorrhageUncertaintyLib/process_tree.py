"""A process and everything that it started: list it, end it.

Slicer's ``PythonSlicer`` is a launcher that starts the real interpreter, so that ending the launcher alone leaves the
computation running. Uses what every system has: ``/proc`` on Linux, ``ps`` on macOS, ``taskkill`` on Windows.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

#: How often new children are looked for while a tree is being stopped.
_ROUNDS = 10


def descendants(pid: int) -> list[int]:
    """Return the living descendants of a process, parents before children (POSIX only)."""
    children: dict[int, list[int]] = {}
    for child, parent in _parents():
        children.setdefault(parent, []).append(child)
    found: list[int] = []
    queue = [pid]
    while queue:
        for child in children.get(queue.pop(0), ()):
            found.append(child)
            queue.append(child)
    return found


def kill_tree(pid: int) -> None:
    """End a process and all its descendants at once, without waiting and without giving them a chance to object.

    On POSIX they are stopped first, so that none can start another while they are being listed.
    """
    if sys.platform == "win32":
        subprocess.Popen(
            ["taskkill", "/PID", str(pid), "/T", "/F"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            creationflags=subprocess.CREATE_NO_WINDOW,
        )
        return
    stopped: list[int] = []
    for _ in range(_ROUNDS):
        fresh = [member for member in (pid, *descendants(pid)) if member not in stopped]
        if not fresh:
            break
        for member in fresh:
            _send(member, signal.SIGSTOP)
        stopped += fresh
    for member in reversed(stopped):
        _send(member, signal.SIGKILL)


def _send(pid: int, number: int) -> None:
    # It may be gone already, or its number may belong to somebody else by now.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def _parents() -> list[tuple[int, int]]:
    """Return (process, parent) of every process; zombies are left out."""
    if Path("/proc/self/stat").exists():
        pairs = [_stat_of(entry) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
        return [pair for pair in pairs if pair is not None]
    listing = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,stat="], capture_output=True, text=True, check=False)
    rows = [line.split() for line in listing.stdout.splitlines()]
    return [(int(row[0]), int(row[1])) for row in rows if len(row) == 3 and not row[2].startswith("Z")]


def _stat_of(folder: Path) -> tuple[int, int] | None:
    try:
        text = (folder / "stat").read_text(errors="replace")
    except OSError:
        return None  # it ended while we were looking
    state, parent = text.rpartition(")")[2].split()[:2]  # the name before it may hold blanks and parentheses
    return None if state == "Z" else (int(folder.name), int(parent))
