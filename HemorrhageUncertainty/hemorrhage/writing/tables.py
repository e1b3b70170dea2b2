"""``volumes.csv`` and ``lesions.csv``."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ..segmentation import Segmentation

#: The first six columns, in this order, are a promise to scripts.
VOLUME_COLUMNS = (
    "class",
    "volume_ml",
    "low_ml",
    "high_ml",
    "mean_uncertainty",
    "lesions",
    "probability_present",
    "exceeds_ml",
    "probability_exceeds",
    "abc2_ml",
    "interval",
)
LESION_COLUMNS = (
    "number",
    "class",
    "volume_ml",
    "abc2_ml",
    "mean_uncertainty",
    "max_uncertainty",
    "centre_r_mm",
    "centre_a_mm",
    "centre_s_mm",
    "extent_r_mm",
    "extent_a_mm",
    "extent_s_mm",
    "nearest_slice",
)


def write_volumes(segmentation: Segmentation, path: Path) -> None:
    """Write one row per class in label order, then ``total``; the ends of an interval that is withheld are empty."""
    rows = ([volume.name, *(getattr(volume, column) for column in VOLUME_COLUMNS[1:])] for volume in segmentation.volumes)
    _write(path, VOLUME_COLUMNS, rows)


def write_lesions(segmentation: Segmentation, path: Path) -> None:
    """Write one row per lesion, largest first, with the mean probability of every class in the last columns."""
    rows = (
        [lesion.number, lesion.name, lesion.volume_ml, lesion.abc2_ml, lesion.mean_uncertainty, lesion.max_uncertainty]
        + [*lesion.centre_ras, *lesion.extent_mm, lesion.nearest_slice]
        + [lesion.probabilities.get(name, 0.0) for name in segmentation.classes]
        for lesion in segmentation.lesions
    )
    _write(path, (*LESION_COLUMNS, *(f"p_{name}" for name in segmentation.classes)), rows)


def _write(path: Path, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([f"{cell:.6g}" if isinstance(cell, float) else cell for cell in row] for row in rows)
