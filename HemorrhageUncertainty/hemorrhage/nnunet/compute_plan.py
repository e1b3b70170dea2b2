"""How the network is run, and what to try next when memory runs out: smaller batches, smaller windows, then the CPU."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .sliding_window import Windows

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class ComputePlan:
    """One way to run a network.

    Attributes
    ----------
    device : torch.device
    windows : Windows
    patch_size : tuple of int
        Size of a window unless `windows` is WHOLE.
    batch : int
        Windows per forward pass.
    """

    device: torch.device
    windows: Windows
    patch_size: tuple[int, ...]
    batch: int

    def window_size(self, shape: tuple[int, ...], divisors: tuple[int, ...] | None) -> tuple[int, ...]:
        """Return the window for a working grid of `shape` (D, H, W)."""
        if self.windows is Windows.TRAINED or divisors is None:
            return self.patch_size
        extents = shape[3 - len(self.patch_size) :]
        # Two voxels per axis at the bottleneck, or instance normalization has nothing to normalize.
        return tuple(max(2, math.ceil(n / d)) * d if d > 1 else n for n, d in zip(extents, divisors, strict=True))

    def smaller(self, original: ComputePlan, divisors: tuple[int, ...] | None) -> tuple[ComputePlan, str] | None:
        """Return the next plan that needs less memory, and a sentence for the user; None when there is none.

        `original` is the plan of the first attempt: on the CPU its windows are used again.
        """
        import torch

        if self.batch > 1:
            batch = self.batch // 2
            return replace(self, batch=batch), f"{self.device} ran out of memory: continuing with {batch} window(s) at a time"
        if self.windows is Windows.WHOLE:
            plan = replace(self, windows=Windows.TRAINED)
            return plan, f"{self.device} ran out of memory: continuing with windows of {_times(plan.patch_size)} voxels"
        patch = _halved(self.patch_size, divisors)
        if patch is not None:
            return (
                replace(self, patch_size=patch),
                f"{self.device} ran out of memory: continuing with smaller windows of {_times(patch)} voxels",
            )
        if self.device.type != "cpu":
            plan = replace(original, device=torch.device("cpu"), batch=1)
            return plan, f"{self.device} ran out of memory: continuing on the CPU, which is slower"
        return None


def _halved(patch: tuple[int, ...], divisors: tuple[int, ...] | None) -> tuple[int, ...] | None:
    """Halve the axis with the most voxels at the bottleneck, keeping 4 there at least; None if nothing can be halved."""
    if divisors is None:
        return None
    cells = [n // d for n, d in zip(patch, divisors, strict=True)]
    axis = max(range(len(patch)), key=lambda a: (cells[a], a))
    if cells[axis] < 8:
        return None
    size = list(patch)
    size[axis] = math.ceil(cells[axis] / 2) * divisors[axis]
    return tuple(size)


def _times(size: tuple[int, ...]) -> str:
    return " x ".join(map(str, size))
