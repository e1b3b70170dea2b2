"""Whether probabilities mean what they say: NLL, Brier score, ECE and the reliability diagram, from sums over voxels."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

#: Bins of equal width of the predicted class's confidence.
RELIABILITY_BINS = 10
#: Smallest probability that the NLL sees: a float32 softmax cannot tell less from zero, and log 0 would decide the mean.
PROBABILITY_FLOOR = 1e-7


@dataclass
class Calibration:
    """Sums over voxels that add up over cases.

    Attributes
    ----------
    voxels : int
    nll_sum : float
        Sum of ``-log p`` of the reference class (natural logarithm, p at least `PROBABILITY_FLOOR`).
    brier_sum : float
        Sum over voxels and classes of ``(p - y)^2``.
    counts, confidences, hits : (10,) float64
        Voxels by confidence of the predicted class, in bins ((m-1)/10, m/10]: how many, the sum of their confidences, and
        how many of them are right.
    """

    voxels: int = 0
    nll_sum: float = 0.0
    brier_sum: float = 0.0
    counts: NDArray[np.float64] = field(default_factory=lambda: np.zeros(RELIABILITY_BINS))
    confidences: NDArray[np.float64] = field(default_factory=lambda: np.zeros(RELIABILITY_BINS))
    hits: NDArray[np.float64] = field(default_factory=lambda: np.zeros(RELIABILITY_BINS))

    def add(
        self, probabilities: NDArray[np.float32], predicted: NDArray[np.unsignedinteger], reference: NDArray[np.unsignedinteger]
    ) -> None:
        """Add voxels.

        Parameters
        ----------
        probabilities : (C, N) float32
        predicted, reference : (N,) unsigned integers
            Labels below C.
        """
        if predicted.size == 0:
            return
        of_reference = np.take_along_axis(probabilities, reference[None].astype(np.intp), axis=0)[0].astype(np.float64)
        confidence = np.take_along_axis(probabilities, predicted[None].astype(np.intp), axis=0)[0].astype(np.float64)
        squares = np.einsum("cn,cn->n", probabilities, probabilities, dtype=np.float64)
        self.voxels += predicted.size
        self.nll_sum -= float(np.log(np.maximum(of_reference, PROBABILITY_FLOOR)).sum())
        # sum over c of (p_c - y_c)^2 = sum of p_c^2 - 2 p_reference + 1
        self.brier_sum += float((squares - 2 * of_reference + 1).sum())
        number = np.clip(np.ceil(confidence * RELIABILITY_BINS).astype(np.intp) - 1, 0, RELIABILITY_BINS - 1)
        self.counts += np.bincount(number, minlength=RELIABILITY_BINS)
        self.confidences += np.bincount(number, weights=confidence, minlength=RELIABILITY_BINS)
        self.hits += np.bincount(number, weights=predicted == reference, minlength=RELIABILITY_BINS)

    def merge(self, other: Calibration) -> None:
        """Add the sums of other voxels."""
        self.voxels += other.voxels
        self.nll_sum += other.nll_sum
        self.brier_sum += other.brier_sum
        self.counts += other.counts
        self.confidences += other.confidences
        self.hits += other.hits

    @property
    def nll(self) -> float | None:
        """Negative log-likelihood per voxel in nats; None without voxels."""
        return self.nll_sum / self.voxels if self.voxels else None

    @property
    def brier(self) -> float | None:
        """Brier score summed over classes, in [0, 2]; None without voxels."""
        return self.brier_sum / self.voxels if self.voxels else None

    @property
    def ece(self) -> float | None:
        """Expected calibration error: mean over voxels of their bin's ``|accuracy - confidence|``; None without voxels."""
        return float(np.abs(self.hits - self.confidences).sum() / self.voxels) if self.voxels else None
