"""Number format of the network's forward passes: reduced where the device gains from it, else float32."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


class Precision(StrEnum):
    """Format of convolutions under autocast; accumulation and softmax are always float32."""

    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"
    FLOAT16 = "float16"

    def autocast(self, device: torch.device) -> AbstractContextManager[object]:
        """Return the context in which forward passes run on `device`."""
        import torch

        if self is Precision.FLOAT32:
            return nullcontext()
        return torch.autocast(device.type, dtype=torch.bfloat16 if self is Precision.BFLOAT16 else torch.float16)


def choose_precision(device: torch.device) -> Precision:
    """Return float16 on CUDA (as stock nnU-Net), bfloat16 on a CPU with bfloat16 instructions, else float32."""
    if device.type == "cuda":
        return Precision.FLOAT16
    if device.type == "cpu" and cpu_has_bfloat16():
        return Precision.BFLOAT16
    return Precision.FLOAT32


@cache
def cpu_has_bfloat16(cpuinfo: Path = Path("/proc/cpuinfo")) -> bool:
    """Whether the CPU has AVX512-BF16 or AMX-BF16; emulated bfloat16 is slower than float32. False where it cannot be told."""
    try:
        text = cpuinfo.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    flags = {word for line in text.splitlines() if line.startswith("flags") for word in line.split()}
    return bool(flags & {"avx512_bf16", "amx_bf16"})
