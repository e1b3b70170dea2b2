"""Tables: for scripts as CSV, for people as Markdown and HTML."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

Cell = str | int | float | None

#: What stands for an undefined value where people read; in CSV the cell is empty.
UNDEFINED = "–"


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes
    ----------
    name : str
        File name without ending.
    title : str
    columns : tuple of str
    rows : tuple of tuples
        One cell per column; None = undefined.
    note : str
        What a reader must know to read it.
    """

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""

    def write_csv(self, folder: Path) -> Path:
        """Write ``<name>.csv`` and return its path."""
        path = folder / f"{self.name}.csv"
        with path.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(self.columns)
            writer.writerows([f"{cell:.8g}" if isinstance(cell, float) else cell for cell in row] for row in self.rows)
        return path

    def markdown(self) -> str:
        """Return title, table and note."""
        lines = [f"## {self.title}", "", _line(self.columns), _line(["---"] * len(self.columns))]
        lines += [_line([in_words(cell) for cell in row]) for row in self.rows]
        return "\n".join([*lines, "", *([self.note, ""] if self.note else [])])


def in_words(cell: Cell) -> str:
    """Return a cell as people read it: about three significant digits, a dash where undefined."""
    if cell is None:
        return UNDEFINED
    if isinstance(cell, float):
        size = abs(cell)
        return (
            f"{cell:.0f}" if size >= 100 else f"{cell:.1f}" if size >= 10 else f"{cell:.3f}" if size >= 0.001 else f"{cell:.2g}"
        )
    return str(cell)


def estimate_in_words(value: float | None, low: float | None, high: float | None) -> str:
    """Return ``0.71 (0.65 to 0.77)``."""
    if value is None:
        return UNDEFINED
    return in_words(value) if low is None or high is None else f"{in_words(value)} ({in_words(low)} to {in_words(high)})"


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"
