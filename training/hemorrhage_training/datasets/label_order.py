"""Whether label values can be the subtypes they claim to be, judged over the whole data set by where each class lies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

#: Pairs of which the first lies nearer to the skull than the second, in any collection of hemorrhages.
_NEARER_TO_BONE = (("EDH", "IPH"), ("EDH", "IVH"), ("SDH", "IPH"), ("SDH", "IVH"), ("SAH", "IVH"))
#: A pair is judged if each class is in this many cases; three against three can just be significant.
_ENOUGH_CASES = 3
_SIGNIFICANT = 0.05


class LabelOrderVerdict(StrEnum):
    """Outcome of `judge_label_order`."""

    PLAUSIBLE = "plausible"
    IMPLAUSIBLE = "implausible"
    UNKNOWN = "too few cases to say"


@dataclass(frozen=True)
class LabelOrder:
    """Verdict on the order of labels.

    Attributes
    ----------
    verdict : LabelOrderVerdict
    reasons : tuple of str
        One sentence for each pair of classes that lie the wrong way round.
    median_depth_mm : mapping of class name to mm
        Median over cases of the distance from bone.
    """

    verdict: LabelOrderVerdict
    reasons: tuple[str, ...]
    median_depth_mm: Mapping[str, float]


def judge_label_order(depths: Iterable[Mapping[str, float]]) -> LabelOrder:
    """Judge from each case's depths below the skull (see `label_depths`) whether the classes can be what they are called.

    Epidural and subdural hemorrhage lie on the skull, intraventricular hemorrhage in the middle, intraparenchymal hemorrhage
    between. A pair is the wrong way round if the shallow class lies deeper by a one-sided Mann-Whitney test at 5 %. Exchanging
    EDH with SDH, IPH with IVH, or SAH with one of its neighbors in depth cannot be seen this way.
    """
    import numpy as np
    from scipy.stats import mannwhitneyu

    of_class: dict[str, list[float]] = {}
    for case in depths:
        for name, depth in case.items():
            of_class.setdefault(name, []).append(depth)
    medians = {name: round(float(np.median(values)), 1) for name, values in of_class.items()}
    judged, reasons = 0, []
    for shallow, deep in _NEARER_TO_BONE:
        first, second = of_class.get(shallow, []), of_class.get(deep, [])
        if min(len(first), len(second)) < _ENOUGH_CASES:
            continue
        judged += 1
        if mannwhitneyu(first, second, alternative="greater").pvalue <= _SIGNIFICANT:
            reasons.append(
                f"what is called {shallow} lies {medians[shallow]:g} mm from the skull, deeper than what is called {deep} "
                f"({medians[deep]:g} mm)"
            )
    if not judged:
        return LabelOrder(LabelOrderVerdict.UNKNOWN, (), medians)
    verdict = LabelOrderVerdict.IMPLAUSIBLE if reasons else LabelOrderVerdict.PLAUSIBLE
    return LabelOrder(verdict, tuple(reasons), medians)
