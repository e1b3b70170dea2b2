"""Deep ensemble: the predictions of networks that were trained independently (Lakshminarayanan et al., NeurIPS 2017)."""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import ArgumentError
from ..head_ct import HeadCT
from ..method import Method
from .network import EnsembleNetwork
from .prepared_once import PreparedOnce
from .sampler import Sample
from .working_grid import WorkingGrid


class DeepEnsemble:
    """A sample is the prediction of one member.

    Parameters
    ----------
    network : EnsembleNetwork
    """

    samples_per_draw = 1

    def __init__(self, network: EnsembleNetwork) -> None:
        self.network = network
        self._prepared = PreparedOnce(network)

    @property
    def largest_count(self) -> int | None:
        """How many members there are."""
        return len(self.network.networks)

    def grid(self, ct: HeadCT) -> WorkingGrid:
        """Return the grid on which the members work."""
        return self._prepared.of(ct).grid

    def in_words(self, count: int) -> str:
        """Return the method and its settings."""
        return f"{Method.ENSEMBLE.full_name}, {count} of {self.largest_count} networks"

    def draw(self, ct: HeadCT, count: int, seed: int = 0) -> Iterator[Sample]:
        """Yield the predictions of the first `count` members; `seed` changes nothing.

        Raises
        ------
        ArgumentError
            There are not so many.
        """
        members = len(self.network.networks)
        if not 1 <= count <= members:
            raise ArgumentError(
                f"this ensemble has {members} networks, but {count} samples were asked for: use at most {members}"
            )
        data = self._prepared.of(ct).data[None]
        for member in range(count):
            yield Sample(self.network.member_probabilities(data, member)[0], parameters={"member": member})
