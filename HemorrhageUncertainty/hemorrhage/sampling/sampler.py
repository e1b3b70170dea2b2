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
    group : int or None
        Samples with the same number share a random draw and `valid`, and come one after the other; None = a draw of its own.
    """

    probabilities: torch.Tensor
    valid: torch.Tensor | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    group: int | None = None


class Sampler(Protocol):
    """Draws plausible segmentations of one CT."""

    @property
    def largest_count(self) -> int | None:
        """How many different draws there are (1 where nothing is random); None = as many as one likes."""
        ...

    @property
    def samples_per_draw(self) -> int:
        """Samples that come from one draw; 1 unless they are grouped."""
        ...

    def in_words(self, count: int) -> str:
        """Return the method and its settings for people, for a run of `count` draws."""
        ...

    def grid(self, ct: HeadCT) -> WorkingGrid:
        """Return the grid on which samples of this CT are given."""
        ...

    def draw(self, ct: HeadCT, count: int, seed: int) -> Iterator[Sample]:
        """Yield the samples of `count` draws; those of the first k draws are the same for every count >= k and the same seed."""
        ...
