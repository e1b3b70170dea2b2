"""Which devices torch will offer, found without importing it (which takes seconds)."""

from __future__ import annotations

import ctypes
import importlib.util
import sys
from pathlib import Path


def device_names() -> list[str]:
    """Return ``cpu`` and, if torch was built for CUDA, ``cuda:0``, ``cuda:1``, ... as many as the driver shows."""
    count = _cuda_devices() if _torch_has_cuda() else 0
    return ["cpu", *(f"cuda:{index}" for index in range(count))]


def _torch_has_cuda() -> bool:
    found = importlib.util.find_spec("torch")
    if found is None or found.origin is None:
        return False
    libraries = Path(found.origin).parent / "lib"
    return any((libraries / name).is_file() for name in ("libtorch_cuda.so", "torch_cuda.dll"))


def _cuda_devices() -> int:
    """Ask the driver; 0 where there is none, or it refuses."""
    try:
        driver = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
        count = ctypes.c_int(0)
        usable = driver.cuInit(0) == 0 and driver.cuDeviceGetCount(ctypes.byref(count)) == 0
    except (OSError, AttributeError):
        return 0
    return count.value if usable else 0
