"""Table of the volumes: agreement with the reference, and what the stated intervals are worth."""

from __future__ import annotations

from dataclasses import asdict

from .agreement import interval_quality, volume_agreement
from .case_scores import ClassScores
from .cohort import Cohort
from .tables import Cell, Table

_NOTE = (
    "Differences are prediction minus reference, over the cases in which prediction or reference has the class. Limits of "
    "agreement: bias ± 1.96 SD. R2 is about the identity line; that of the regression line ignores bias and scale. "
)
_INTERVAL_NOTE = (
    "Coverage: share of the stated intervals that hold the reference volume, with its 95 % Wilson interval; "
    "relative width: median of width over reference volume."
)


def with_volume(scores: list[ClassScores]) -> list[ClassScores]:
    """Return the cases in which prediction or reference has the class: agreement on nothing says nothing about volumes."""
    return [each for each in scores if each.predicted_ml > 0 or each.reference_ml > 0]


def volume_table(cohort: Cohort) -> Table:
    """Return one row per class; the columns of the interval only if any case states one."""
    rows: list[tuple[Cell, ...]] = []
    columns: tuple[str, ...] = ()
    for name, scores in cohort.classes.items():
        used = with_volume(scores)
        row: dict[str, Cell] = asdict(volume_agreement([s.predicted_ml for s in used], [s.reference_ml for s in used]))
        if cohort.has_interval:
            row |= asdict(interval_quality([s.low_ml for s in used], [s.high_ml for s in used], [s.reference_ml for s in used]))
        columns = ("class", *row)
        rows.append((name, *row.values()))
    return Table("volume", "Volume", columns, tuple(rows), _NOTE + (_INTERVAL_NOTE if cohort.has_interval else ""))
