"""Which processor computes: ``auto``, ``cpu``, ``cuda`` or ``cuda:n``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .errors import ArgumentError

if TYPE_CHECKING:
    import torch


def choose_device(name: str | torch.device = "auto") -> torch.device:
    """Return the device called `name`; ``auto`` is the first CUDA device if there is one, else the CPU.

    Raises
    ------
    ArgumentError
        Another name, or a CUDA device that this machine (or this build of torch) does not have.
    """
    import torch

    wanted = str(name).strip().lower()
    if wanted == "auto":
        return torch.device("cuda", 0) if torch.cuda.is_available() else torch.device("cpu")
    if wanted == "cpu":
        return torch.device("cpu")
    match = re.fullmatch(r"cuda(?::(\d+))?", wanted)
    if match is None:
        raise ArgumentError(f"the device {str(name)!r} is unknown: use auto, cpu, cuda or cuda:n")
    if not torch.cuda.is_available():
        raise ArgumentError("a CUDA device was asked for, but torch finds none on this machine: use --device cpu or auto")
    index = int(match.group(1) or 0)
    count = torch.cuda.device_count()
    if index >= count:
        raise ArgumentError(f"cuda:{index} was asked for, but this machine has {count} CUDA device(s), numbered from 0")
    return torch.device("cuda", index)
