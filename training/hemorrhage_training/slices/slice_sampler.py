"""Which slices an epoch consists of: drawn so that hemorrhages are seen, the same again for the same seed and epoch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from torch.utils.data import Sampler

from .slice_store import SliceCase


class SliceDraw(NamedTuple):
    """A slice to train with.

    Attributes
    ----------
    case, slice : int
    seed : tuple of int
        Of its augmentation.
    """

    case: int
    slice: int
    seed: tuple[int, ...]


class SliceSampler(Sampler[SliceDraw]):
    """Draws the slices of an epoch.

    With a `hemorrhage_share`, each draw is with this probability a slice that shows hemorrhage, else any slice. Of the former a
    class is drawn uniformly among those that occur, and a slice uniformly among those that show it, so that rare subtypes are
    seen as often as common ones. Without, every slice comes once, as in the paper, in random order.

    Parameters
    ----------
    cases : sequence of SliceCase
    seed : int
    hemorrhage_share : float or None
    count : int or None
        Slices per epoch, over all processes; None = as many as there are. Drawn slices only.
    rank, world : int
        This process, and how many share the epoch; each draws all and takes its part, and all parts are equally long.
    """

    def __init__(
        self,
        cases: Sequence[SliceCase],
        seed: int,
        hemorrhage_share: float | None,
        count: int | None = None,
        rank: int = 0,
        world: int = 1,
    ) -> None:
        self._all = [(c, k) for c, case in enumerate(cases) for k in range(case.slices)]
        classes = len(cases[0].present)
        shown = [[(c, k) for c, case in enumerate(cases) for k in case.present[n]] for n in range(classes)]
        self._shown = [slices for slices in shown if slices]
        self._seed, self._share = seed, hemorrhage_share if self._shown else None
        self._count = len(self._all) if count is None or self._share is None else count
        self._rank, self._world = rank, world
        self._epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch that is drawn next; the training loop calls this."""
        self._epoch = epoch

    def __len__(self) -> int:
        return self._count // self._world

    def __iter__(self) -> Iterator[SliceDraw]:
        rng = np.random.default_rng([self._seed, self._epoch])
        chosen = self._each_once(rng) if self._share is None else self._drawn(rng, self._share)
        for position, (case, number) in enumerate(chosen[: len(self) * self._world]):
            if position % self._world == self._rank:
                yield SliceDraw(case, number, (self._seed, self._epoch, position))

    def _each_once(self, rng: np.random.Generator) -> list[tuple[int, int]]:
        return [self._all[k] for k in rng.permutation(len(self._all))]

    def _drawn(self, rng: np.random.Generator, share: float) -> list[tuple[int, int]]:
        def one() -> tuple[int, int]:
            pool = self._shown[rng.integers(len(self._shown))] if rng.random() < share else self._all
            return pool[rng.integers(len(pool))]

        return [one() for _ in range(self._count)]
