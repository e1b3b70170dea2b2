"""Monte-Carlo test-time augmentation around SLEX-Net: every random transform yields all of its hypotheses."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from ..head_ct import HeadCT
from ..method import Method
from ..sampling.sampler import Sample
from ..sampling.test_time_augmentation import TestTimeAugmentation, transforms_in_words
from ..sampling.wording import counted
from ..sampling.working_grid import WorkingGrid
from .slice_expansion_network import SliceExpansionNetwork


class TransformedExpansion:
    """A draw is a randomly transformed copy of the CT; its samples are SLEX-Net's hypotheses of it, transformed back.

    The samples of one draw form a group (`Sample.group`), so that the posterior can tell what the expansion contributes to the
    uncertainty and what the transforms do.

    Parameters
    ----------
    network : SliceExpansionNetwork
    preset : TransformPreset, optional
    transforms : int
        Both as for `TestTimeAugmentation`, which draws the same transforms from the same seed.
    """

    largest_count: int | None = None

    def __init__(self, network: SliceExpansionNetwork, preset: str | None = None, transforms: int = 5) -> None:
        self.network = network
        self._augmentation = TestTimeAugmentation(network, preset, transforms)

    @property
    def samples_per_draw(self) -> int:
        """How many hypotheses there are of one copy."""
        return 1 + len(self.network.settings.offsets)

    def grid(self, ct: HeadCT) -> WorkingGrid:
        """Return the grid of the network's slices."""
        return self._augmentation.grid(ct)

    def in_words(self, count: int) -> str:
        """Return the method and its settings."""
        how = transforms_in_words(self._augmentation.transforms, self._augmentation.preset)
        copies = counted(count, "copy", "copies")
        return f"{Method.SLEX_TTA.full_name}, {self.samples_per_draw} predictions for each of {copies}, {how}"

    def draw(self, ct: HeadCT, count: int, seed: int) -> Iterator[Sample]:
        """Yield the hypotheses of `count` copies, the slices' own first; a copy depends on CT, seed and its index only."""
        for group, parameters in enumerate(self._augmentation.draws(ct, count, seed)):
            hypotheses, valid = self._augmentation.predict_transformed(ct, parameters, self._hypotheses)
            for offset, probabilities in zip((0, *self.network.settings.offsets), hypotheses, strict=True):
                yield Sample(probabilities, valid, {**parameters, "expanded_from": offset}, group)

    def _hypotheses(self, copy: torch.Tensor) -> torch.Tensor:
        return torch.stack(self.network.hypotheses(copy[0]))
