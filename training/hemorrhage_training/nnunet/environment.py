"""nnU-Net is told some things by environment variables only."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

#: How many processes load training patches; 0 = the training process itself.
DATA_PROCESSES = "nnUNet_n_proc_DA"


@contextmanager
def environment_variable(name: str, value: str) -> Iterator[None]:
    """Set a variable of this process while the context is open."""
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
