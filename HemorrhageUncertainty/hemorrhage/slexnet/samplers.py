"""SLEX-Net's way to draw samples: its hypotheses, each a sample."""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import ArgumentError
from ..head_ct import HeadCT
from ..method import Method
from ..sampling.prepared_once import PreparedOnce
from ..sampling.sampler import Sample
from ..sampling.working_grid import WorkingGrid
from .slice_expansion_network import SliceExpansionNetwork


class SliceExpansion:
    """Samples are the slices' own prediction and those expanded from the neighbors: three in the paper, from one pass.

    The posterior's mean is their plain mean, whose entropy is the paper's uncertainty (Eq. 8). The aggregated prediction
    (Eq. 7), which trusts a slice's own prediction more, is the network's one prediction (`SinglePrediction`).

    Parameters
    ----------
    network : SliceExpansionNetwork
    """

    samples_per_draw = 1

    def __init__(self, network: SliceExpansionNetwork) -> None:
        self.network = network
        self._prepared = PreparedOnce(network)

    @property
    def largest_count(self) -> int | None:
        """How many hypotheses there are."""
        return 1 + len(self.network.settings.offsets)

    def grid(self, ct: HeadCT) -> WorkingGrid:
        """Return the grid of the network's slices."""
        return self._prepared.of(ct).grid

    def in_words(self, count: int) -> str:
        """Return the method and its settings."""
        return f"{Method.SLEX.full_name}, {count} of {self.largest_count} predictions of a slice, from one pass"

    def draw(self, ct: HeadCT, count: int, seed: int = 0) -> Iterator[Sample]:
        """Yield the first `count` hypotheses, the slices' own first; `seed` changes nothing.

        Raises
        ------
        ArgumentError
            There are not so many.
        """
        there_are = 1 + len(self.network.settings.offsets)
        if not 1 <= count <= there_are:
            raise ArgumentError(f"this SLEX-Net has {there_are} hypotheses of a CT, but {count} samples were asked for")
        hypotheses = self.network.hypotheses(self._prepared.of(ct).data)
        for offset, probabilities in zip((0, *self.network.settings.offsets)[:count], hypotheses, strict=False):
            yield Sample(probabilities, parameters={"expanded_from": offset})
