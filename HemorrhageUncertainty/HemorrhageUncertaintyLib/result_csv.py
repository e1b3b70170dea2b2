"""The numbers of a result as CSV, with the engine's columns first and the reader's review in the last ones."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from .lesion_numbers import ROLE as LESION_NUMBERS
from .marks import ItemKind, Marks
from .review import Review

_VOLUMES = (
    "volume_ml",
    "low_ml",
    "high_ml",
    "mean_uncertainty",
    "lesions",
    "probability_present",
    "exceeds_ml",
    "probability_exceeds",
    "abc2_ml",
)


def write_volumes(result: Any, path: Path) -> None:
    """Write one row per subtype, then ``total``; ``reviewed_ml`` is what the review and edits left, in mL."""
    isReviewed = result.segmentation is not None and result.node(LESION_NUMBERS) is not None
    reviewed = Review(result).reviewedMl() if isReviewed else {}
    rows = [
        [
            *(volume["name"], *(volume[column] for column in _VOLUMES)),
            *(volume.get("interval", "samples"), reviewed.get(volume["name"], "")),
        ]
        for volume in result.summary["volumes"]
    ]
    _write(path, ("class", *_VOLUMES, "interval", "reviewed_ml"), rows)


def write_lesions(result: Any, path: Path) -> None:
    """Write one row per lesion, largest first, with the reader's mark."""
    summary, marks = result.summary, Marks(result.record)
    classes = summary["classes"]
    columns = (
        *("number", "class", "volume_ml", "abc2_ml", "mean_uncertainty", "max_uncertainty"),
        *("centre_r_mm", "centre_a_mm", "centre_s_mm", "extent_r_mm", "extent_a_mm", "extent_s_mm", "nearest_slice"),
        *(f"p_{name}" for name in classes),
        "mark",
    )
    rows = (
        [
            *(lesion[key] for key in ("number", "name", "volume_ml", "abc2_ml", "mean_uncertainty", "max_uncertainty")),
            *(*lesion["centre_ras"], *lesion["extent_mm"], lesion["nearest_slice"]),
            *(lesion["probabilities"].get(name, 0.0) for name in classes),
            marks.get(ItemKind.LESION, lesion["number"]).value,
        ]
        for lesion in summary["lesions"]
    )
    _write(path, columns, rows)


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


def _write(path: Path, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([f"{cell:.6g}" if isinstance(cell, float) else cell for cell in row] for row in rows)
