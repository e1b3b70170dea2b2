"""Numbers of things, for people."""

from __future__ import annotations


def counted(count: int, one: str, many: str) -> str:
    """Return ``1 pass`` or ``20 passes``."""
    return f"{count} {one if count == 1 else many}"
