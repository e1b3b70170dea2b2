"""No sampling: the network's one prediction, equal to stock nnU-Net's own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..errors import ArgumentError
from ..head_ct import HeadCT
from ..method import Method
from ..progress import StopCallback
from .sampler import Sample
from .working_grid import WorkingGrid

if TYPE_CHECKING:
    from ..nnunet import NNUNetNetwork


class Deterministic:
    """One sample: what ``nnUNetv2_predict`` would say.

    Probabilities come on the CT's own voxels, because nnU-Net resamples logits, not probabilities.

    Parameters
    ----------
    network : NNUNetNetwork
    mirroring : bool
        Average over mirrored copies along the axes that the model allows, as stock nnU-Net does by default.
    should_stop : callable, optional
    """

    largest_count: int | None = 1
    samples_per_draw = 1

    def __init__(self, network: NNUNetNetwork, *, mirroring: bool = True, should_stop: StopCallback | None = None) -> None:
        self.network = network
        self.mirroring = mirroring
        self._should_stop = should_stop

    def grid(self, ct: HeadCT) -> WorkingGrid:
        """Return the grid of the sample: the CT's own voxels inside nnU-Net's own crop."""
        return self.network.grid(ct, box=False).without_resampling()

    def in_words(self, count: int) -> str:
        """Return the method and its settings."""
        passes = 2 ** len(self.network.mirror_axes) if self.mirroring else 1
        return f"{Method.DETERMINISTIC.full_name}, " + ("1 pass" if passes == 1 else f"mean of {passes} mirrored passes")

    def draw(self, ct: HeadCT, count: int = 1, seed: int = 0) -> Iterator[Sample]:
        """Yield the one sample; `seed` changes nothing.

        Raises
        ------
        ArgumentError
            `count` is not 1.
        """
        if count != 1:
            raise ArgumentError(
                f"without random transforms there is one prediction, but {count} samples were asked for: use 1 sample"
            )
        prepared = self.network.prepare(ct, box=False)
        mirror = self.mirroring and bool(self.network.mirror_axes)
        probabilities = self.network.stock_probabilities(ct, prepared, mirror, self._should_stop)
        yield Sample(probabilities, parameters={"mirrored_axes": list(self.network.mirror_axes) if mirror else []})
