"""Change between an earlier and a later result, as a table: mL, interval and the probability of hematoma expansion."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import slicer
from slicer.i18n import tr as _

from hemorrhage.errors import ArgumentError
from hemorrhage.measures.expansion import ExpansionCriterion, VolumeChange, compare_results

from .hemorrhage_result import HemorrhageResult
from .table_node import Column, ColumnType, columnValues, fillTable

#: Role of the table in the record of the later result, with which it goes away.
ROLE = "comparisonTable"
#: Columns that need several samples on both sides.
_OF_SAMPLES = ("low_ml", "high_ml", "probability_expansion")
#: What the table was made of: reference to the record of the earlier result, and attribute with both thresholds.
_EARLIER, _THRESHOLDS = "earlierResult", "HemorrhageUncertainty.expansion"


def compare(
    earlier: HemorrhageResult, later: HemorrhageResult, *, thresholdMl: float = 6.0, thresholdPercent: float = 33.0
) -> Any:
    """Fill the table of change from one result to another; another comparison of the same later result uses it again.

    Change, interval and probability compare what the model found in both CTs. What readers made of it is a column of its own,
    because an edit says nothing about the samples.

    Parameters
    ----------
    earlier, later : HemorrhageResult
        Of two CTs of one patient, or of one CT segmented twice.
    thresholdMl, thresholdPercent : float
        Growth by more than either is expansion.

    Returns
    -------
    vtkMRMLTableNode
        One row for each subtype that both results know, the total last. Without interval and probability where a result has a
        single sample: of such a one they would say 0 or 1, as if it were sure.

    Raises
    ------
    ArgumentError
        Both are the same result, a threshold is negative, or the results have no subtype in common.
    """
    if earlier == later:
        raise ArgumentError(_("A result cannot be compared with itself: select two different results."))
    changes = compare_results(earlier.summary, later.summary, ExpansionCriterion(thresholdMl, thresholdPercent))
    table = later.node(ROLE)
    if table is None:
        table = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTableNode")
        later.setNode(ROLE, table)
    table.SetName(_("Change from {earlier} to {later}").format(earlier=earlier.name, later=later.name))
    reviewed = _reviewedChange(earlier, later, [change.name for change in changes])
    columns = _columns(changes, reviewed, thresholdMl, thresholdPercent)
    if isSingle(earlier) or isSingle(later):
        columns = [column for column in columns if column.name not in _OF_SAMPLES]
    fillTable(table, columns)
    table.SetNodeReferenceID(_EARLIER, earlier.record.GetID())
    table.SetAttribute(_THRESHOLDS, _thresholds(thresholdMl, thresholdPercent))
    return table


def isSingle(result: HemorrhageResult) -> bool:
    """Whether a result rests on a single sample, so that nothing is known of how its volumes are distributed."""
    return len(result.summary["volumes"][-1]["samples_ml"]) < 2


def comparisonOf(earlier: HemorrhageResult, later: HemorrhageResult, thresholdMl: float, thresholdPercent: float) -> Any:
    """Return the table that `compare` made of just these two results and thresholds, or None."""
    table = later.node(ROLE)
    if table is None or table.GetNodeReference(_EARLIER) is not earlier.record:
        return None
    return table if table.GetAttribute(_THRESHOLDS) == _thresholds(thresholdMl, thresholdPercent) else None


def _thresholds(thresholdMl: float, thresholdPercent: float) -> str:
    return f"{thresholdMl:g} mL, {thresholdPercent:g} %"


def _reviewedChange(earlier: HemorrhageResult, later: HemorrhageResult, names: Sequence[str]) -> list[float]:
    """Return the change of the reviewed volumes in mL; a result without tables counts as nobody has touched it."""
    volumes = []
    for result in (earlier, later):
        table = result.node("volumesTable")
        if table is None:
            volumes.append({row["name"]: row["volume_ml"] for row in result.summary["volumes"]})
        else:
            volumes.append(dict(zip(columnValues(table, "subtype"), columnValues(table, "reviewed_ml"), strict=True)))
    return [volumes[1][name] - volumes[0][name] for name in names]


def _columns(
    changes: Sequence[VolumeChange], reviewedMl: Sequence[float], thresholdMl: float, thresholdPercent: float
) -> list[Column]:
    def number(name: str, title: str, unit: str = "", description: str = "") -> Column:
        return Column(name, title, ColumnType.NUMBER, [getattr(change, name) for change in changes], unit, description)

    expansion = _("Probability of growth by more than {ml:g} mL or {percent:g} %, over all pairs of samples; not calibrated")
    return [
        Column("subtype", _("Subtype"), ColumnType.TEXT, [change.name for change in changes]),
        number("earlier_ml", _("Earlier"), "mL"),
        number("later_ml", _("Later"), "mL"),
        number("change_ml", _("Change"), "mL"),
        number("low_ml", _("Low"), "mL", _("5 % quantile of the change over all pairs of samples; not calibrated")),
        number("high_ml", _("High"), "mL", _("95 % quantile of the change over all pairs of samples; not calibrated")),
        Column("change_percent", _("Change"), ColumnType.TEXT, [_percent(change) for change in changes], "%"),
        number(
            "probability_expansion",
            _("P(expansion)"),
            description=expansion.format(ml=thresholdMl, percent=thresholdPercent),
        ),
        Column(
            "reviewed_change_ml", _("Reviewed change"), ColumnType.NUMBER, reviewedMl, "mL", _("Change after review and edits")
        ),
    ]


def _percent(change: VolumeChange) -> str:
    """Return the change in percent; in words where there was nothing before."""
    if change.change_percent is not None:
        percent = round(change.change_percent)
        return f"{percent:+d}" if percent else "0"  # never "-0"
    return _("new") if change.later_ml > 0 else ""
