"""Overlap of a predicted and a reference mask, from three counts of voxels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Overlap:
    """How many voxels two masks hold, and how many they share.

    Attributes
    ----------
    predicted, reference, shared : int
    """

    predicted: int
    reference: int
    shared: int

    @classmethod
    def of(cls, predicted: NDArray[np.bool_], reference: NDArray[np.bool_]) -> Overlap:
        """Count two masks of the same shape."""
        shared = int(np.count_nonzero(predicted & reference))
        return cls(int(np.count_nonzero(predicted)), int(np.count_nonzero(reference)), shared)

    @property
    def dice(self) -> float | None:
        """``2 |A and B| / (|A| + |B|)`` in [0, 1]; undefined (None) where both masks are empty, 0 where one is."""
        total = self.predicted + self.reference
        return 2 * self.shared / total if total else None

    @property
    def jaccard(self) -> float | None:
        """``|A and B| / |A or B|`` in [0, 1]; undefined (None) where both masks are empty, 0 where one is."""
        union = self.predicted + self.reference - self.shared
        return self.shared / union if union else None

    @property
    def relative_volume_difference(self) -> float | None:
        """``(|predicted| - |reference|) / |reference|``, signed; undefined (None) where the reference is empty."""
        return (self.predicted - self.reference) / self.reference if self.reference else None
