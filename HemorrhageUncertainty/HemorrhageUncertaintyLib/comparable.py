"""Which two results can be compared side by side, and by which maps."""

from __future__ import annotations

from slicer.i18n import tr as _

from hemorrhage.errors import ArgumentError

from .heat_map import HeatMap
from .hemorrhage_result import HemorrhageResult


def checkComparable(first: HemorrhageResult, second: HemorrhageResult) -> None:
    """Raise `ArgumentError` unless two results can be shown side by side."""
    if first == second:
        raise ArgumentError(_("A result cannot be compared with itself: select two different results."))
    if first.ct is None or first.ct is not second.ct:
        raise ArgumentError(_("The results are of different CTs: side by side, select two of the same CT."))
    if not mapNames(first, second):
        raise ArgumentError(_("The results have no map in common: segment the CT again."))


def mapNames(first: HemorrhageResult, second: HemorrhageResult) -> list[str]:
    """Return the names of the maps that two results both have, in the order of a list for the user."""
    others = HeatMap(second).names()
    return [name for name in HeatMap(first).names() if name in others]
