"""Whether the cases that a method is unsure of are the ones it gets wrong: risk against coverage."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hemorrhage.errors import ArgumentError


@dataclass(frozen=True)
class RiskCoverage:
    """Mean risk of the k cases that the method is surest of, for k = 1 ... n.

    Attributes
    ----------
    coverage : (n,) float64
        k / n.
    risk : (n,) float64
        Mean risk of those k cases; among cases of equal uncertainty, its expectation over random orders.
    oracle : (n,) float64
        The same, had the cases been ranked by their risk.
    """

    coverage: NDArray[np.float64]
    risk: NDArray[np.float64]
    oracle: NDArray[np.float64]

    @property
    def aurc(self) -> float:
        """Area under the curve: mean of `risk` over k."""
        return float(self.risk.mean())

    @property
    def oracle_aurc(self) -> float:
        """The smallest area that any ranking reaches."""
        return float(self.oracle.mean())

    @property
    def random_aurc(self) -> float:
        """The area of a ranking that knows nothing: the mean risk."""
        return float(self.risk[-1])


def risk_coverage(risks: ArrayLike, uncertainties: ArrayLike) -> RiskCoverage:
    """Rank cases by uncertainty, the surest first.

    Parameters
    ----------
    risks, uncertainties : (n,) array_like
        Per case; finite.

    Raises
    ------
    ArgumentError
        Without cases, with different lengths, or with values that are not finite.
    """
    risk, uncertainty = np.asarray(risks, dtype=np.float64), np.asarray(uncertainties, dtype=np.float64)
    if risk.ndim != 1 or risk.shape != uncertainty.shape or not risk.size:
        raise ArgumentError("a risk-coverage curve needs one risk and one uncertainty for each of at least one case")
    if not (np.isfinite(risk).all() and np.isfinite(uncertainty).all()):
        raise ArgumentError("a risk-coverage curve needs finite risks and uncertainties: leave undefined cases out")
    count = np.arange(1, risk.size + 1)
    # Each case takes the mean risk of the cases tied with it: the expectation over their orders.
    _, group = np.unique(uncertainty, return_inverse=True)
    tied = (np.bincount(group, weights=risk) / np.bincount(group))[group]
    ranked = tied[np.argsort(uncertainty, kind="stable")]
    return RiskCoverage(count / risk.size, np.cumsum(ranked) / count, np.cumsum(np.sort(risk)) / count)
