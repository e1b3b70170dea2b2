"""Change between two CTs of one patient, and the probability of hematoma expansion.

Expansion is growth by more than 6 mL or by more than 33 % of the earlier volume (Dowlatshahi et al., Neurology 2011;76:1238-44,
who compared the definitions in use; the 33 % are those of Brott et al., Stroke 1997;28:1-5). The volumes are not known exactly:
each of two runs gives a distribution, and the two are independent. So every earlier sample is paired with every later one, and

    P(expansion) = #{(a, b): b - a > 6 mL or b - a > 0.33 a} / (number of pairs).

All pairs are counted; nothing is drawn at random. Like the intervals, this is not calibrated, and it knows nothing of how the
patient lay or how the CTs were reconstructed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ArgumentError
from .volumes import INTERVAL_QUANTILES


@dataclass(frozen=True)
class ExpansionCriterion:
    """What counts as expansion: either is enough.

    Attributes
    ----------
    growth_ml : float
        Growth in mL that must be exceeded, at least 0.
    growth_percent : float
        Growth in percent of the earlier volume that must be exceeded, at least 0. It does not apply where the earlier volume is
        0: a single voxel of new blood would be infinite growth, so there the mL decide alone.

    Raises
    ------
    ArgumentError
        A threshold is negative or not finite.
    """

    growth_ml: float = 6.0
    growth_percent: float = 33.0

    def __post_init__(self) -> None:
        for name, value, unit in (("growth", self.growth_ml, "mL"), ("growth", self.growth_percent, "%")):
            if not (math.isfinite(value) and value >= 0):
                raise ArgumentError(f"the {name} that counts as expansion must be 0 {unit} or more, not {value:g} {unit}")

    def limits_ml(self, earlier_ml: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the later volume in mL that must be exceeded, for each earlier one."""
        relative = np.where(earlier_ml > 0, earlier_ml * self.growth_percent / 100.0, np.inf)
        return earlier_ml + np.minimum(self.growth_ml, relative)


@dataclass(frozen=True)
class VolumeChange:
    """How one class (or the ``total``) changed from an earlier to a later CT.

    Attributes
    ----------
    name : str
    earlier_ml, later_ml : float
        Volumes of the two label maps.
    change_ml : float
        Later minus earlier.
    low_ml, high_ml : float
        5 % and 95 % quantiles of the difference over all pairs of samples, widened to include `change_ml`.
    change_percent : float or None
        Change in percent of the earlier volume; None where that is 0.
    probability_expansion : float
        Share of the pairs of samples that meet the criterion, in [0, 1].
    """

    name: str
    earlier_ml: float
    later_ml: float
    change_ml: float
    low_ml: float
    high_ml: float
    change_percent: float | None
    probability_expansion: float


def compare_volumes(
    name: str,
    earlier_ml: float,
    earlier_samples_ml: Sequence[float],
    later_ml: float,
    later_samples_ml: Sequence[float],
    criterion: ExpansionCriterion | None = None,
) -> VolumeChange:
    """Compare two volume distributions.

    Parameters
    ----------
    name : str
    earlier_ml, later_ml : float
        Volumes of the label maps in mL.
    earlier_samples_ml, later_samples_ml : sequence of float
        Volume of each sample in mL; the numbers of samples may differ.
    criterion : ExpansionCriterion, optional
        Default: more than 6 mL or 33 %.

    Raises
    ------
    ArgumentError
        No samples, or a volume is negative or not finite.
    """
    criterion = criterion or ExpansionCriterion()
    earlier, later = (np.asarray(samples, dtype=np.float64) for samples in (earlier_samples_ml, later_samples_ml))
    for values in (earlier, later, np.array([earlier_ml, later_ml])):
        if values.ndim != 1 or not values.size or not (np.isfinite(values).all() and (values >= 0).all()):
            raise ArgumentError(f"the volumes of {name} must be one or more numbers of mL, none below 0: segment both CTs again")
    later = np.sort(later)
    exceeding = len(later) - np.searchsorted(later, criterion.limits_ml(earlier), side="right")
    low, high = np.quantile(np.subtract.outer(later, earlier), INTERVAL_QUANTILES)
    change = float(later_ml) - float(earlier_ml)
    return VolumeChange(
        name=name,
        earlier_ml=float(earlier_ml),
        later_ml=float(later_ml),
        change_ml=change,
        low_ml=min(float(low), change),
        high_ml=max(float(high), change),
        change_percent=100.0 * change / float(earlier_ml) if earlier_ml > 0 else None,
        probability_expansion=float(exceeding.sum()) / (len(earlier) * len(later)),
    )


def compare_results(
    earlier: Mapping[str, Any], later: Mapping[str, Any], criterion: ExpansionCriterion | None = None
) -> tuple[VolumeChange, ...]:
    """Compare the contents of two ``result.json``.

    Parameters
    ----------
    earlier, later : mapping
        Parsed; only ``volumes`` is used.
    criterion : ExpansionCriterion, optional

    Returns
    -------
    tuple of VolumeChange
        One per class that both results have, in the earlier's order; ``total`` is the last.

    Raises
    ------
    ArgumentError
        A result has no volumes, or no class is in both.
    """
    try:
        before, after = ({volume["name"]: volume for volume in result["volumes"]} for result in (earlier, later))
        changes = tuple(
            compare_volumes(
                name, volume["volume_ml"], volume["samples_ml"], after[name]["volume_ml"], after[name]["samples_ml"], criterion
            )
            for name, volume in before.items()
            if name in after
        )
    except (KeyError, TypeError) as error:
        raise ArgumentError("one of the two is not the result of a segmentation: choose another") from error
    if not changes:
        raise ArgumentError("the two results have no class in common: segment both CTs with the same model")
    return changes
