"""The numbers of a result as CSV, with the engine's columns first and the reader's review in the last ones."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from hemorrhage.writing.tables import LESION_COLUMNS, VOLUME_COLUMNS

from .lesion_numbers import ROLE as LESION_NUMBERS
from .marks import ItemKind, Marks
from .review import Review

#: Columns of the engine's tables that ``result.json`` keeps under another name, or several of them as one list.
_RENAMED = {"class": "name"}
_LISTED = {
    **{f"centre_{axis}_mm": ("centre_ras", index) for index, axis in enumerate("ras")},
    **{f"extent_{axis}_mm": ("extent_mm", index) for index, axis in enumerate("ras")},
}
#: What results of earlier versions, in saved scenes, do not say.
_DEFAULTS = {"interval": "samples"}


def write_volumes(result: Any, path: Path) -> None:
    """Write one row per subtype, then ``total``; ``reviewed_ml`` is what the review and edits left, in mL."""
    isReviewed = result.segmentation is not None and result.node(LESION_NUMBERS) is not None
    reviewed = Review(result).reviewedMl() if isReviewed else {}
    rows = (
        [*(_cell(volume, column) for column in VOLUME_COLUMNS), reviewed.get(volume["name"], "")]
        for volume in result.summary["volumes"]
    )
    _write(path, (*VOLUME_COLUMNS, "reviewed_ml"), rows)


def write_lesions(result: Any, path: Path) -> None:
    """Write one row per lesion, largest first, with the reader's mark."""
    summary, marks = result.summary, Marks(result.record)
    classes = summary["classes"]
    rows = (
        [
            *(_cell(lesion, column) for column in LESION_COLUMNS),
            *(lesion["probabilities"].get(name, 0.0) for name in classes),
            marks.get(ItemKind.LESION, lesion["number"]).value,
        ]
        for lesion in summary["lesions"]
    )
    _write(path, (*LESION_COLUMNS, *(f"p_{name}" for name in classes), "mark"), rows)


def write_places(result: Any, path: Path) -> None:
    """Write one row per place to look at, most uncertain first, with the reader's mark."""
    marks = Marks(result.record)
    columns = ("rank", "score_ml", "volume_ml", "peak_uncertainty", "classes", "r_mm", "a_mm", "s_mm", "nearest_slice", "mark")
    rows = (
        [
            *(place[key] for key in ("rank", "score_ml", "volume_ml", "peak_uncertainty")),
            *(" ".join(place["classes"]), *place["centre_ras"], place["nearest_slice"]),
            marks.get(ItemKind.PLACE, place["rank"]).value,
        ]
        for place in result.summary["places"]
    )
    _write(path, columns, rows)


def _cell(row: Mapping[str, Any], column: str) -> Any:
    """Return what belongs into a column of the engine's tables, from a volume or lesion of ``result.json``."""
    if column in _LISTED:
        key, index = _LISTED[column]
        return row[key][index]
    key = _RENAMED.get(column, column)
    return row.get(key, _DEFAULTS[key]) if key in _DEFAULTS else row[key]


def _write(path: Path, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([f"{cell:.6g}" if isinstance(cell, float) else cell for cell in row] for row in rows)
