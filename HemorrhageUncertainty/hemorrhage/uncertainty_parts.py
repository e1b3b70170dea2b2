"""What slice expansion and random transforms contribute to the uncertainty of a run that draws both."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class UncertaintyParts:
    """Parts of the uncertainty maps; each has the CT's shape (D, H, W), float32.

    ``variance = variance_expansion + variance_transforms`` and
    ``mutual_information = mutual_information_expansion + mutual_information_transforms`` (law of total variance; chain rule of
    mutual information), so that predictive entropy is the sum of the expected entropy and the latter two.

    Attributes
    ----------
    variance_expansion, variance_transforms : array
        Mean variance among the predictions for one transformed copy, and variance of the copies' mean predictions.
    mutual_information_expansion, mutual_information_transforms : array
        Information about the prediction in which of a copy's predictions it is, and in which copy; divided by log C.
    """

    variance_expansion: NDArray[np.float32]
    variance_transforms: NDArray[np.float32]
    mutual_information_expansion: NDArray[np.float32]
    mutual_information_transforms: NDArray[np.float32]

    @property
    def variance_share_of_expansion(self) -> float:
        """Share of the variance, summed over the CT, that the expansion contributes: in [0, 1], 0 where there is none."""
        return _share(self.variance_expansion, self.variance_transforms)

    @property
    def information_share_of_expansion(self) -> float:
        """Share of the mutual information, summed over the CT, that the expansion contributes: in [0, 1]; 0 if there is none."""
        return _share(self.mutual_information_expansion, self.mutual_information_transforms)


def _share(part: NDArray[np.float32], rest: NDArray[np.float32]) -> float:
    mine, others = float(part.sum(dtype=np.float64)), float(rest.sum(dtype=np.float64))
    return mine / (mine + others) if mine + others > 0 else 0.0
