"""``cases.csv``: what file names of a data set of one's own cannot say, patient and split of each case."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from .defects import DataSetError
from .source_case import Split

TABLE = "cases.csv"


@dataclass(frozen=True)
class CaseRow:
    """Patient, and split if it is prescribed, of one case."""

    patient: str
    split: Split | None = None


def read_cases_table(folder: Path, names: Iterable[str]) -> dict[str, CaseRow]:
    """Return a row for every case, from ``cases.csv`` in `folder` (columns ``case, patient`` and optionally ``split``).

    Without the file every case counts as a patient of its own.

    Raises
    ------
    DataSetError
        The table has other columns, an unknown split, a case twice, or lacks a case.
    """
    path = folder / TABLE
    if not path.is_file():
        return {name: CaseRow(name) for name in names}
    rows: dict[str, CaseRow] = {}
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            for row in csv.DictReader(file):
                name, split = row["case"].strip(), (row.get("split") or "").strip()
                if name in rows:
                    raise DataSetError(f"{path} has {name} twice: keep one row")
                rows[name] = CaseRow(row["patient"].strip() or name, Split(split) if split else None)
    except (KeyError, ValueError, AttributeError, UnicodeDecodeError) as error:
        raise DataSetError(
            f"{path} cannot be used: it needs the columns case, patient and optionally split (training or test)"
        ) from error
    missing = sorted(set(names) - rows.keys())
    if missing:
        raise DataSetError(f"{path} lacks {missing[0]} and {len(missing) - 1} more: add a row with its patient")
    return rows
