"""No sampling: the network's one prediction on its working grid."""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import ArgumentError
from ..head_ct import HeadCT
from ..method import Method
from .network import Network
from .prepared_once import PreparedOnce
from .sampler import Sample
from .working_grid import WorkingGrid


class SinglePrediction:
    """One sample: what the network says, the mean of its members if it is an ensemble.

    Its entropy is the baseline that methods of uncertainty are compared with.

    Parameters
    ----------
    network : Network
    """

    largest_count: int | None = 1
    samples_per_draw = 1

    def __init__(self, network: Network) -> None:
        self.network = network
        self._prepared = PreparedOnce(network)

    def grid(self, ct: HeadCT) -> WorkingGrid:
        """Return the grid on which the network works."""
        return self._prepared.of(ct).grid

    def in_words(self, count: int) -> str:
        """Return the method and its settings."""
        return f"{Method.DETERMINISTIC.full_name}, 1 pass"

    def draw(self, ct: HeadCT, count: int = 1, seed: int = 0) -> Iterator[Sample]:
        """Yield the one sample; `seed` changes nothing.

        Raises
        ------
        ArgumentError
            `count` is not 1.
        """
        if count != 1:
            raise ArgumentError(f"there is one prediction without randomness, but {count} samples were asked for: use 1 sample")
        yield Sample(self.network.probabilities(self._prepared.of(ct).data[None])[0])
