"""Monte-Carlo dropout: each pass of a network leaves out something else, as in training (Gal and Ghahramani, ICML 2016)."""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import ArgumentError
from ..head_ct import HeadCT
from ..method import Method
from .channel_dropout import channels_dropped, dropout_layers
from .network import EnsembleNetwork
from .prepared_once import PreparedOnce
from .sampler import Sample
from .wording import counted
from .working_grid import WorkingGrid


class MonteCarloDropout:
    """A sample is the prediction without a random share of the feature maps; everything else is as in plain inference.

    Parameters
    ----------
    network : EnsembleNetwork
        Of one member or several, whose predictions are averaged as they always are.

    Raises
    ------
    ArgumentError
        The network has no dropout.
    """

    largest_count: int | None = None
    samples_per_draw = 1

    def __init__(self, network: EnsembleNetwork) -> None:
        layers = dropout_layers(network.networks)
        if not layers:
            raise ArgumentError("this network was trained without dropout, so there is nothing to leave out: use another method")
        self.network = network
        self.rates = sorted({layer.p for layer in layers})
        self._prepared = PreparedOnce(network)

    def grid(self, ct: HeadCT) -> WorkingGrid:
        """Return the grid on which the network works."""
        return self._prepared.of(ct).grid

    def in_words(self, count: int) -> str:
        """Return the method and its settings."""
        rates = " to ".join(f"{rate:g}" for rate in {self.rates[0]: 0, self.rates[-1]: 0})
        return f"{Method.DROPOUT.full_name}, {counted(count, 'pass', 'passes')}, rate {rates}"

    def draw(self, ct: HeadCT, count: int, seed: int) -> Iterator[Sample]:
        """Yield `count` samples; each depends only on the CT, the seed and its own index."""
        data = self._prepared.of(ct).data[None]
        for index in range(count):
            with channels_dropped(self.network.networks, seed, index):
                probabilities = self.network.probabilities(data)[0]
            yield Sample(probabilities, parameters={"sample": index, "seed": seed})
