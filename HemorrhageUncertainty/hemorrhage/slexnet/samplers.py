"""SLEX-Net's ways to draw samples: its hypotheses, each a sample, or the aggregated prediction alone."""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import ArgumentError
from ..head_ct import HeadCT
from ..sampling.network import PreparedTensor
from ..sampling.sampler import Sample
from ..sampling.working_grid import WorkingGrid
from .slice_expansion_network import SliceExpansionNetwork


class SliceExpansion:
    """Samples are the slices' own prediction and those expanded from the neighbors: three in the paper, from one pass.

    The posterior's mean is their plain mean, whose entropy is the paper's uncertainty (Eq. 8). The aggregated prediction
    (Eq. 7), which trusts a slice's own prediction more, is `AggregatedPrediction`'s.

    Parameters
    ----------
    network : SliceExpansionNetwork
    """

    def __init__(self, network: SliceExpansionNetwork) -> None:
        self.network = network
        self._prepared = _LatestCT(network)

    @property
    def largest_count(self) -> int:
        """How many hypotheses there are."""
        return 1 + len(self.network.settings.offsets)

    def grid(self, ct: HeadCT) -> WorkingGrid:
        """Return the grid of the network's slices."""
        return self._prepared.of(ct).grid

    def draw(self, ct: HeadCT, count: int, seed: int = 0) -> Iterator[Sample]:
        """Yield the first `count` hypotheses, the slices' own first; `seed` changes nothing.

        Raises
        ------
        ArgumentError
            There are not so many.
        """
        if not 1 <= count <= self.largest_count:
            raise ArgumentError(f"this SLEX-Net has {self.largest_count} hypotheses of a CT, but {count} samples were asked for")
        hypotheses = self.network.hypotheses(self._prepared.of(ct).data)
        for offset, probabilities in zip((0, *self.network.settings.offsets)[:count], hypotheses, strict=False):
            yield Sample(probabilities, parameters={"expanded_from": offset})


class AggregatedPrediction:
    """One sample: the aggregated prediction (Eq. 7).

    Parameters
    ----------
    network : SliceExpansionNetwork
    """

    largest_count: int | None = 1

    def __init__(self, network: SliceExpansionNetwork) -> None:
        self.network = network
        self._prepared = _LatestCT(network)

    def grid(self, ct: HeadCT) -> WorkingGrid:
        """Return the grid of the network's slices."""
        return self._prepared.of(ct).grid

    def draw(self, ct: HeadCT, count: int = 1, seed: int = 0) -> Iterator[Sample]:
        """Yield the one sample; `seed` changes nothing.

        Raises
        ------
        ArgumentError
            `count` is not 1.
        """
        if count != 1:
            raise ArgumentError(f"there is one aggregated prediction, but {count} samples were asked for: use 1 sample")
        yield Sample(self.network.probabilities(self._prepared.of(ct).data[None])[0])


class _LatestCT:
    """Remembers the latest prepared CT: asking for its grid and then for samples prepares it once."""

    def __init__(self, network: SliceExpansionNetwork) -> None:
        self._network = network
        self._latest: tuple[HeadCT, PreparedTensor] | None = None

    def of(self, ct: HeadCT) -> PreparedTensor:
        if self._latest is None or self._latest[0] is not ct:
            self._latest = (ct, self._network.prepare(ct))
        return self._latest[1]
