"""What a finished job leaves behind in memory, given back while the worker waits for the next."""

from __future__ import annotations

import gc
import sys

from ..page_reuse import give_back_freed_memory


def free_memory() -> None:
    """Collect what only references itself (tracebacks), and return free memory to the system and to the GPU."""
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        torch.cuda.empty_cache()
    give_back_freed_memory()
