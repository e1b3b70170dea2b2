"""Standard output, kept for the protocol alone."""

from __future__ import annotations

import os
import sys
from io import FileIO

_INPUT, _OUTPUT, _ERROR = 0, 1, 2


def take_standard_output() -> FileIO:
    """Return an unbuffered stream to what was standard output; from now on descriptor 1 leads to standard error.

    The descriptor itself is moved, not only ``sys.stdout``, because compiled libraries write to it too.
    """
    sys.stdout.flush()
    private = os.dup(_OUTPUT)
    try:
        os.dup2(_ERROR, _OUTPUT)
    except OSError:  # standard error was closed
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, _OUTPUT)
        os.dup2(nowhere, _ERROR)
        os.close(nowhere)
    # Not the old object: what it knows of its descriptor (can it seek?) is no longer true, and sys.stderr never fails over a
    # letter that the terminal's encoding lacks.
    sys.stdout = sys.stderr
    return FileIO(private, "w")


def take_standard_input() -> FileIO:
    """Return an unbuffered stream to standard input; whoever else reads descriptor 0 finds its end."""
    private = os.dup(_INPUT)
    nowhere = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nowhere, _INPUT)
    os.close(nowhere)
    return FileIO(private, "r")
