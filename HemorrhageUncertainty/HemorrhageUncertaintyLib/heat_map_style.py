"""How each uncertainty map is shown at first: its title, the upper end of its scale and where it begins to be visible."""

from __future__ import annotations

import math
from dataclasses import dataclass

from slicer.i18n import tr as _

#: Share of the scale's upper end below which a map is transparent; the report's pictures begin at the same share.
FADE_IN_SHARE = 0.08
PROBABILITY_PREFIX = "probabilities."
_VARIANCE_END = 0.25


@dataclass(frozen=True)
class HeatMapStyle:
    """First appearance of one map.

    Attributes
    ----------
    title : str
        What is shown, for the list of maps.
    unit : str
        What the numbers of the legend mean.
    high : float
        Value with the brightest color; the scale begins at 0.
    threshold : float
        Voxels below are transparent.
    """

    title: str
    unit: str
    high: float
    threshold: float


def styleOf(name: str, classCount: int) -> HeatMapStyle:
    """Return the style of a map.

    Scales are fixed, not fitted to the data, so that the same color means the same in every patient. Entropy ends at an even
    split between two classes, ``log 2 / log C``. Mutual information and variance, the disagreement of samples, reach their
    own two-class maximum (the same entropy, and 0.5) only when every sample is certain and half of them contradict; they end
    at half of it.

    Parameters
    ----------
    name : str
        ``variance``, ``varianceExpansion``, ``varianceTransforms``, ``entropy``, ``mutualInformation`` or
        ``probabilities.<CLASS>``.
    classCount : int
        Number of classes of the model, with the background.

    Raises
    ------
    KeyError
        For another name.
    """
    evenSplit = math.log(2) / math.log(classCount)
    if name.startswith(PROBABILITY_PREFIX):
        subtype = name.removeprefix(PROBABILITY_PREFIX)
        return _style(_("Probability of {subtype}").format(subtype=subtype), _("0 to 1"), 1.0)
    styles = {
        "entropy": (_("Entropy"), _("0 to 1"), evenSplit),
        "mutualInformation": (_("Mutual information"), _("0 to 1"), evenSplit / 2),
        "variance": (_("Variance"), _("probability²"), _VARIANCE_END),
        # On the scale of the variance, whose parts they are.
        "varianceExpansion": (_("Variance: slice expansion"), _("probability²"), _VARIANCE_END),
        "varianceTransforms": (_("Variance: transforms"), _("probability²"), _VARIANCE_END),
    }
    return _style(*styles[name])


def _style(title: str, unit: str, high: float) -> HeatMapStyle:
    return HeatMapStyle(title, unit, round(high, 3), round(FADE_IN_SHARE * high, 4))
