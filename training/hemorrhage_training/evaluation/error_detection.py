"""How well an uncertainty map tells where the label map is wrong, from counts that add up over cases."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

#: Bins of equal width that are counted, and how many of them one bin of the error rate may join: maps differ in how much of
#: their range they use, and an error rate needs several bins within it.
_BINS = 200
_JOINED = (10, 5, 2, 1)
_ENOUGH_BINS = 10
#: Right shift of a float32's bits that keeps sign, exponent and 8 bits of the mantissa.
_SHIFT = 15
#: One more than the shifted bits of 1.0, the largest value that any map reaches.
_RANKS = (0x3F800000 >> _SHIFT) + 1


@dataclass(frozen=True)
class ErrorRates:
    """How often the label map is wrong, by uncertainty (uncertainty-aware nnU-Net, Fig. 3), with the counts behind it.

    Attributes
    ----------
    edges : (n + 1,) float64
        Boundaries of the bins.
    right, wrong : (n,) int64
        Voxels.
    """

    edges: NDArray[np.float64]
    right: NDArray[np.int64]
    wrong: NDArray[np.int64]


@dataclass
class ErrorDetection:
    """Voxels counted by uncertainty, wrong and right ones apart.

    The bits of a non-negative float32 grow with its value, so their leading bits are a rank with a relative resolution of
    1/256 from the smallest number to 1: a histogram of fixed size that orders nearly all voxels as their values do, however
    close to zero most of them are. Voxels of equal rank count as tied.

    Attributes
    ----------
    largest : float
        The map's largest possible value; the bins of the error rate divide [0, largest].
    ranks : (2, 32513) int64
        Right and wrong voxels by rank.
    bins : (2, 200) int64
        Right and wrong voxels by bin; a value on the boundary of two bins belongs to the upper one.
    """

    largest: float
    ranks: NDArray[np.int64] = field(default_factory=lambda: np.zeros((2, _RANKS), dtype=np.int64))
    bins: NDArray[np.int64] = field(default_factory=lambda: np.zeros((2, _BINS), dtype=np.int64))

    def add(self, uncertainty: NDArray[np.float32], wrong: NDArray[np.bool_]) -> None:
        """Count voxels, given as two arrays of the same shape; values outside [0, 1] are taken as the nearest inside."""
        values = np.clip(np.asarray(uncertainty, dtype=np.float32).ravel(), 0, 1)
        side = wrong.ravel()
        rank = values.view(np.int32) >> _SHIFT
        number = np.minimum((values * np.float32(_BINS / self.largest)).astype(np.int32), _BINS - 1)
        self.ranks += np.bincount(rank + side * np.int32(_RANKS), minlength=2 * _RANKS).reshape(2, -1)
        self.bins += np.bincount(number + side * np.int32(_BINS), minlength=2 * _BINS).reshape(2, -1)

    def merge(self, other: ErrorDetection) -> None:
        """Add the counts of another set of voxels of the same kind of map."""
        self.ranks += other.ranks
        self.bins += other.bins

    @property
    def auroc(self) -> float | None:
        """Area under the ROC curve of "uncertain, so wrong"; undefined (None) without a wrong or a right voxel."""
        from sklearn.metrics import roc_auc_score

        return None if self._one_sided else float(roc_auc_score(*self._truth_and_score, sample_weight=self._weights))

    @property
    def auprc(self) -> float | None:
        """Average precision of "uncertain, so wrong"; chance is `error_rate`. Undefined as `auroc`."""
        from sklearn.metrics import average_precision_score

        return None if self._one_sided else float(average_precision_score(*self._truth_and_score, sample_weight=self._weights))

    @property
    def error_rate(self) -> float | None:
        """Share of wrong voxels; None without a voxel."""
        right, wrong = self.bins.sum(axis=1)
        return float(wrong / (right + wrong)) if right + wrong else None

    def error_rates(self) -> ErrorRates:
        """Return the error rate against uncertainty, in at least 10 bins up to the largest value seen where that is possible.

        The bins have a 20th, 40th, 100th or 200th of the map's range as their width.
        """
        used = np.flatnonzero(self.bins.any(axis=0))
        last = int(used[-1]) + 1 if used.size else 1
        joined = next((each for each in _JOINED if last > (_ENOUGH_BINS - 1) * each), 1)
        count = -(-last // joined)
        right, wrong = self.bins[:, : count * joined].reshape(2, count, joined).sum(axis=2)
        edges = np.arange(count + 1, dtype=np.float64) * (joined * self.largest / _BINS)
        return ErrorRates(np.asarray(edges, dtype=np.float64), right, wrong)

    @property
    def _one_sided(self) -> bool:
        return not self.bins.sum(axis=1).all()

    @property
    def _used(self) -> NDArray[np.intp]:
        return np.flatnonzero(self.ranks.any(axis=0))

    @property
    def _truth_and_score(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        used = self._used
        return np.repeat([0, 1], len(used)), np.tile(used, 2)

    @property
    def _weights(self) -> NDArray[np.float64]:
        return self.ranks[:, self._used].ravel().astype(np.float64)
