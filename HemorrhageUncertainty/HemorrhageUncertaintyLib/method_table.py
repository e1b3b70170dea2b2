"""Two results of one CT as a table: volumes with intervals, their difference, and how far the voxels agree."""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import Any

import slicer
from slicer.i18n import tr as _

from hemorrhage.measures.expansion import compare_results

from .hemorrhage_result import HemorrhageResult
from .overlap import diceSteps
from .table_node import Column, ColumnType, fillTable

#: Role of the table in the record of the second result, with which it goes away.
ROLE = "methodTable"
#: Reference of the table to the record of the first result.
_FIRST = "firstResult"


def methodTableSteps(first: HemorrhageResult, second: HemorrhageResult) -> Generator[None, None, Any]:
    """Fill the table of two results of one CT, and return the node; another comparison with the same second result uses it again.

    Volumes and intervals are those that the models found; Dice is that of the segmentations as they are now. The difference's
    interval takes all pairs of samples; where a side has a single sample, there is none (NaN).

    Returns
    -------
    vtkMRMLTableNode
        One row for each subtype that both results know, the total last.

    Raises
    ------
    ArgumentError
        The results have no subtype in common.
    """
    changes = compare_results(first.summary, second.summary)
    dice = yield from diceSteps(first, second)
    sides = [{row["name"]: row for row in result.summary["volumes"]} for result in (first, second)]
    table = second.node(ROLE)
    if table is None:
        table = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTableNode")
        second.setNode(ROLE, table)
    table.SetName(_("{first} and {second}").format(first=first.name, second=second.name))
    table.SetNodeReferenceID(_FIRST, first.record.GetID())

    def number(name: str, title: str, values: list[float | None], unit: str = "mL", description: str = "") -> Column:
        known = [math.nan if value is None else value for value in values]
        return Column(name, title, ColumnType.NUMBER, known, unit, description)

    def of(side: dict[str, Any], key: str) -> list[float | None]:
        rows = [side[change.name] for change in changes]
        return [row[key] if key == "volume_ml" or len(row["samples_ml"]) > 1 else None for row in rows]

    both = [all(len(side[change.name]["samples_ml"]) > 1 for side in sides) for change in changes]
    pairs = _("{share} quantile of the difference over all pairs of samples; not calibrated; empty if a side has one sample")
    columns = [Column("subtype", _("Subtype"), ColumnType.TEXT, [change.name for change in changes])]
    for letter, side in zip("ab", sides, strict=True):
        title = letter.upper()
        columns += [
            number(f"{letter}_ml", title, of(side, "volume_ml")),
            number(f"{letter}_low_ml", _("{side} low").format(side=title), of(side, "low_ml")),
            number(f"{letter}_high_ml", _("{side} high").format(side=title), of(side, "high_ml")),
        ]
    columns += [
        number("difference_ml", _("B − A"), [change.change_ml for change in changes]),
        number(
            "difference_low_ml",
            _("B − A low"),
            [change.low_ml if known else None for change, known in zip(changes, both, strict=True)],
            description=pairs.format(share="5 %"),
        ),
        number(
            "difference_high_ml",
            _("B − A high"),
            [change.high_ml if known else None for change, known in zip(changes, both, strict=True)],
            description=pairs.format(share="95 %"),
        ),
        number(
            "dice",
            _("Dice"),
            [dice[change.name] for change in changes],
            "",
            _("Overlap of both segmentations as they are now: 1 the same voxels, 0 none in common; empty where both lack it"),
        ),
    ]
    fillTable(table, columns)
    return table


def methodTableOf(first: HemorrhageResult, second: HemorrhageResult) -> Any:
    """Return the table that `methodTableSteps` made of just these two results, or None."""
    table = second.node(ROLE)
    return table if table is not None and table.GetNodeReference(_FIRST) is first.record else None
