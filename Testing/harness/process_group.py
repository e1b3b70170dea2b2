"""Processes that a command started, when the command itself is gone."""

from __future__ import annotations

import os
from pathlib import Path


def process_group_is_alive(leader: int) -> bool:
    """Whether any process is at work of the group (POSIX) that the process `leader` was started to lead.

    One that has ended counts no more, even if nobody has asked how: in a container there may be nobody who does.
    """
    processes = Path("/proc")
    if processes.is_dir():
        return any(_is_of_group(path, leader) for path in processes.glob("[0-9]*/stat"))
    try:
        os.killpg(leader, 0)
    except ProcessLookupError:
        return False
    return True


def _is_of_group(stat: Path, leader: int) -> bool:
    try:
        state, _, group = stat.read_text().rpartition(")")[2].split()[:3]
    except (OSError, ValueError):  # ended meanwhile
        return False
    return int(group) == leader and state != "Z"
