"""What every method of uncertainty offers: a stream of plausible segmentations of one CT."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from ..head_ct import HeadCT
from .working_grid import WorkingGrid

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, eq=False)
class Sample:
    """One plausible segmentation, on the sampler's working grid.

    Attributes
    ----------
    probabilities : (C, D, H, W) float32 tensor
        Class probabilities; sum to 1 over C wherever `valid`.
    valid : (D, H, W) bool tensor, or None
        Voxels that this sample has an opinion on; None = all of them.
    parameters : mapping
        The random parameters of the draw, JSON-able; enough to replay this sample exactly.
    """

    probabilities: torch.Tensor
    valid: torch.Tensor | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)


class Sampler(Protocol):
    """Draws plausible segmentations of one CT."""

    @property
    def largest_count(self) -> int | None:
        """How many different samples there are (1 where nothing is random); None = as many as one likes."""
        ...

    def grid(self, ct: HeadCT) -> WorkingGrid:
        """Return the grid on which samples of this CT are given."""
        ...

    def draw(self, ct: HeadCT, count: int, seed: int) -> Iterator[Sample]:
        """Yield `count` samples; the first k samples are the same for every count >= k and the same seed."""
        ...
