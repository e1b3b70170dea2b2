"""Sliding windows with Gaussian weights, as nnU-Net blends them (Isensee et al., Nature Methods 2021)."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from ..errors import Interrupted
from ..progress import StopCallback

if TYPE_CHECKING:
    import torch

Forward = Callable[["torch.Tensor"], "torch.Tensor"]
#: nnU-Net's constants: windows advance by half their size at most, weights fall off with sigma = size / 8 and peak at 10.
STEP, SIGMA, PEAK = 0.5, 1.0 / 8, 10.0


class Windows(StrEnum):
    """What the network sees at once."""

    TRAINED = "trained"
    """Overlapping windows of the size that it was trained with, as stock nnU-Net."""
    WHOLE = "whole"
    """The whole working grid (each whole slice, for a 2D network), padded to divisibility: faster, needs more memory."""


@dataclass(frozen=True)
class SlidingWindow:
    """Runs a network over volumes in overlapping windows.

    Attributes
    ----------
    size : tuple of int
        Window size; 2 entries: every slice by itself.
    batch : int
        Windows per forward pass.
    half_sums : bool
        Sum the weighted logits in float16, as stock nnU-Net does (for equality with it); else in float32.
    pad_with_edge : bool
        Repeat the border voxel where a volume is smaller than the window; else pad with 0, as stock nnU-Net does.
    """

    size: tuple[int, ...]
    batch: int = 1
    half_sums: bool = False
    pad_with_edge: bool = False

    def __call__(
        self, forward: Forward, data: torch.Tensor, device: torch.device, should_stop: StopCallback | None
    ) -> torch.Tensor:
        """Return logits (B, C, D, H, W) of `data` (B, 1, D, H, W), on `device`, in float32 (float16 with `half_sums`).

        Parameters
        ----------
        forward : callable
            Maps a batch of windows (N, 1, *size) on `device` to logits (N, C, *size).
        should_stop : callable, optional
            Asked before each batch; True raises `Interrupted`.
        """
        import torch

        padded, inside = self._pad(data)
        places = list(self._places(padded.shape))
        dtype = torch.float16 if self.half_sums else torch.float32
        single = not self.half_sums and len(places) == len(padded) * (padded.shape[2] if len(self.size) == 2 else 1)
        weights = None if single else self._weights(device)
        logits: torch.Tensor | None = None
        totals = torch.zeros(padded.shape[2:], dtype=dtype, device=device)
        for start in range(0, len(places), self.batch):
            if should_stop is not None and should_stop():
                raise Interrupted("stopped on request: nothing was written")
            here = places[start : start + self.batch]
            windows = torch.stack([padded[place] for place in here]).to(device)
            predictions = forward(windows)
            if logits is None:
                logits = torch.zeros((len(padded), predictions.shape[1], *padded.shape[2:]), dtype=dtype, device=device)
            for (case, channel, *where), prediction in zip(here, predictions, strict=True):
                if weights is None:
                    logits[(case, channel, *where)] = prediction
                    continue
                logits[(case, channel, *where)] += prediction.mul_(weights) if self.half_sums else prediction * weights
                if case == 0:  # the windows of all cases lie at the same places
                    totals[tuple(where)] += weights
        assert logits is not None
        if weights is not None:
            logits /= totals
        return logits[inside]

    def _pad(self, data: torch.Tensor) -> tuple[torch.Tensor, tuple[slice, ...]]:
        """Center `data` in a volume at least as large as the window; also return where it lies there."""
        import torch

        size = (1,) * (3 - len(self.size)) + self.size
        pads = [max(0, want - have) for want, have in zip(size, data.shape[2:], strict=True)]
        before = [pad // 2 for pad in pads]
        inside = (slice(None), slice(None), *(slice(b, b + n) for b, n in zip(before, data.shape[2:], strict=True)))
        if not any(pads):
            return data, inside
        amounts = [n for b, pad in zip(reversed(before), reversed(pads), strict=True) for n in (b, pad - b)]
        return torch.nn.functional.pad(data, amounts, "replicate" if self.pad_with_edge else "constant"), inside

    def _places(self, shape: Sequence[int]) -> Iterator[tuple[int | slice, ...]]:
        """Yield the index (case, channels, slice, rows, columns) of every window, cases first, then nnU-Net's own order."""
        from nnunetv2.inference.sliding_window_prediction import compute_steps_for_sliding_window

        spatial = tuple(shape[2:])
        flat = len(self.size) == 2
        steps = compute_steps_for_sliding_window(spatial[1:] if flat else spatial, self.size, STEP)
        for case in range(shape[0]):
            for depth in range(spatial[0]) if flat else [None]:
                for corner in itertools.product(*steps):
                    window = tuple(slice(at, at + n) for at, n in zip(corner, self.size, strict=True))
                    yield (case, slice(None), *window) if depth is None else (case, slice(None), depth, *window)

    def _weights(self, device: torch.device) -> torch.Tensor:
        import torch
        from nnunetv2.inference.sliding_window_prediction import compute_gaussian

        weights: torch.Tensor = compute_gaussian(self.size, SIGMA, PEAK, dtype=torch.float16, device=device)
        return weights if self.half_sums else weights.float()


def mirrored(forward: Forward, axes: Sequence[int]) -> Forward:
    """Return a forward pass that averages the logits over all combinations of mirrored spatial axes (0 = the window's first)."""
    combinations = [c for n in range(1, len(axes) + 1) for c in itertools.combinations([axis + 2 for axis in axes], n)]
    if not combinations:
        return forward

    def run(windows: torch.Tensor) -> torch.Tensor:
        prediction = forward(windows)
        for combination in combinations:
            prediction = prediction + forward(windows.flip(combination)).flip(combination)
        return prediction / (len(combinations) + 1)

    return run
