"""Lines of standard input, read without Python's buffer, whose lock could hold up the end of the process."""

from __future__ import annotations

from collections.abc import Iterator
from io import RawIOBase

#: Requests are a few hundred bytes; a line without end must not fill the memory.
MAX_LINE_BYTES = 1 << 20
_CHUNK_BYTES = 1 << 16


def request_lines(stream: RawIOBase) -> Iterator[bytes]:
    """Yield the lines of `stream` without their ends until it ends; blank ones are left out.

    Of a line beyond `MAX_LINE_BYTES` only its beginning is given, which is no JSON any more.
    """
    pending = bytearray()
    while chunk := _read(stream):
        *complete, rest = chunk.split(b"\n")
        for part in complete:
            pending += part[: MAX_LINE_BYTES - len(pending)]
            if pending.strip():
                yield bytes(pending)
            pending.clear()
        pending += rest[: MAX_LINE_BYTES - len(pending)]
    if pending.strip():
        yield bytes(pending)


def _read(stream: RawIOBase) -> bytes:
    try:
        return stream.read(_CHUNK_BYTES) or b""
    except OSError:  # the other end was torn off
        return b""
