"""The temperature with the lowest negative log-likelihood, from sums over voxels that add up over cases."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicHermiteSpline

from hemorrhage.errors import ArgumentError
from hemorrhage.measures.temperature import PROBABILITY_FLOOR
from hemorrhage.models.calibration import TemperatureCalibration

#: Inverse temperatures b = 1/T at which the sums are kept, with b = 1 among them; T from 8 down to 1/4.
INVERSE_TEMPERATURES: NDArray[np.float64] = np.geomspace(1 / 8, 4, 31)
#: Voxels handled at once, so that the temporary arrays stay in the processor's cache.
_VOXELS_AT_ONCE = 1 << 14


@dataclass
class TemperatureSums:
    """Negative log-likelihood over voxels as a function of b = 1/T, with its first two derivatives, at `INVERSE_TEMPERATURES`.

    With z = log p (the mean probabilities' logarithm) and y the reference class, the sum over voxels of
    ``log sum_c exp(b z_c) - b z_y`` is convex in b; its derivative is the expectation of z under the tempered probabilities less
    z_y, the second one their variance. So it has one minimum, and a few b tell where: no second pass over the cases is needed.

    Attributes
    ----------
    voxels : int
    nll, slope, curvature : (B,) float64
    """

    voxels: int = 0
    nll: NDArray[np.float64] = field(default_factory=lambda: np.zeros(INVERSE_TEMPERATURES.size))
    slope: NDArray[np.float64] = field(default_factory=lambda: np.zeros(INVERSE_TEMPERATURES.size))
    curvature: NDArray[np.float64] = field(default_factory=lambda: np.zeros(INVERSE_TEMPERATURES.size))

    def add(self, probabilities: NDArray[np.float32], reference: NDArray[np.unsignedinteger]) -> None:
        """Add voxels: probabilities (C, N) and reference labels (N,) below C."""
        self.voxels += int(reference.size)
        for start in range(0, reference.size, _VOXELS_AT_ONCE):
            part = slice(start, start + _VOXELS_AT_ONCE)
            logits = np.log(np.maximum(probabilities[:, part], np.float32(PROBABILITY_FLOOR)))
            # Relative to the largest, so that no exponential overflows; the NLL does not see it.
            logits -= logits.max(axis=0)
            true = np.take_along_axis(logits, reference[None, part].astype(np.intp), axis=0)[0]
            sum_true = true.sum(dtype=np.float64)
            for k, inverse in enumerate(INVERSE_TEMPERATURES):
                weights = np.exp(np.float32(inverse) * logits)
                total = weights.sum(axis=0)
                weights *= logits
                mean = weights.sum(axis=0) / total
                weights *= logits
                square = weights.sum(axis=0) / total
                self.nll[k] += np.log(total).sum(dtype=np.float64) - inverse * sum_true
                self.slope[k] += mean.sum(dtype=np.float64) - sum_true
                self.curvature[k] += np.maximum(square - mean**2, 0).sum(dtype=np.float64)

    def merge(self, other: TemperatureSums) -> None:
        """Add the voxels of other cases."""
        self.voxels += other.voxels
        self.nll += other.nll
        self.slope += other.slope
        self.curvature += other.curvature

    def fit(self) -> TemperatureCalibration:
        """Return the temperature of the lowest NLL, at most 8 and at least 1/4.

        Between the kept b the derivative is the cubic with their slopes and curvatures.

        Raises
        ------
        ArgumentError
            There are no voxels.
        """
        if not self.voxels:
            raise ArgumentError("there is no voxel inside a head to fit a temperature on")
        slope = CubicHermiteSpline(INVERSE_TEMPERATURES, self.slope / self.voxels, self.curvature / self.voxels)
        if self.slope[0] >= 0:
            best = INVERSE_TEMPERATURES[0]
        elif self.slope[-1] <= 0:
            best = INVERSE_TEMPERATURES[-1]
        else:
            inside = slope.roots(extrapolate=False)
            best = float(inside[0])
        nll = CubicHermiteSpline(INVERSE_TEMPERATURES, self.nll / self.voxels, self.slope / self.voxels)
        return TemperatureCalibration(
            temperature=1 / float(best), voxels=self.voxels, nll_before=float(nll(1.0)), nll_after=float(nll(best))
        )
