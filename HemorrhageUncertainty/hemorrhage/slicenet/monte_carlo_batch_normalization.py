"""Monte-Carlo batch normalization: passes normalized by random training batches (Teye, Azizpour and Smith, ICML 2018)."""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import ArgumentError
from ..head_ct import HeadCT
from ..method import Method
from ..sampling.prepared_once import PreparedOnce
from ..sampling.random_stream import random_stream
from ..sampling.sampler import Sample
from ..sampling.wording import counted
from ..sampling.working_grid import WorkingGrid
from .batch_statistics import normalized_by, number_of_batches
from .slice_network import SliceNetwork


class MonteCarloBatchNormalization:
    """A sample is the prediction normalized by the recorded statistics of one training batch, another one for each sample.

    Parameters
    ----------
    network : SliceNetwork
        Of one member, with statistics.

    Raises
    ------
    ArgumentError
        The network has no statistics, or several members.
    """

    samples_per_draw = 1

    def __init__(self, network: SliceNetwork) -> None:
        if network.statistics is None or len(network.networks) != 1:
            raise ArgumentError("this model holds no statistics of training batches to normalize by: use another method")
        self.network = network
        self._statistics = network.statistics
        self._prepared = PreparedOnce(network)

    @property
    def largest_count(self) -> int | None:
        """How many batches were recorded."""
        return number_of_batches(self._statistics)

    def grid(self, ct: HeadCT) -> WorkingGrid:
        """Return the grid on which the network works."""
        return self._prepared.of(ct).grid

    def in_words(self, count: int) -> str:
        """Return the method and its settings."""
        passes = counted(count, "pass", "passes")
        return f"{Method.MCBN.full_name}, {passes}, {self.largest_count} recorded training batches"

    def draw(self, ct: HeadCT, count: int, seed: int) -> Iterator[Sample]:
        """Yield `count` samples; the seed decides about the order of the batches.

        Raises
        ------
        ArgumentError
            There are not so many batches.
        """
        batches = number_of_batches(self._statistics)
        if not 1 <= count <= batches:
            raise ArgumentError(f"this model holds the statistics of {batches} batches, but {count} samples were asked for")
        data = self._prepared.of(ct).data[None]
        for batch in random_stream(seed).permutation(batches)[:count].tolist():
            with normalized_by(self.network.networks[0], self._statistics, batch):
                probabilities = self.network.probabilities(data)[0]
            yield Sample(probabilities, parameters={"batch": batch, "seed": seed})
