"""Two methods on the same cases: paired differences, Wilcoxon's signed-rank test, effect size."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from hemorrhage.errors import ArgumentError

from .bootstrap import mean_with_interval
from .tables import Cell, Table

#: Columns of cases.csv that are compared, and whether more is better.
COMPARED = {"dice": True, "jaccard": True, "hd_mm": False, "hd95_mm": False, "assd_mm": False, "absolute_volume_error_ml": False}
#: Reference volumes of the two evaluations may differ by rounding in the files, no more.
_SAME_VOLUME = 1e-4


@dataclass(frozen=True)
class PairedTest:
    """Wilcoxon's signed-rank test of n paired differences, zeros left out.

    Attributes
    ----------
    pairs, zeros : int
        Pairs, and those among them whose difference is zero.
    p_value : float or None
        Two-sided; None if every difference is zero.
    rank_biserial : float or None
        Matched-pairs rank-biserial correlation: (sum of ranks of positive - of negative differences) / sum of all ranks,
        in [-1, 1]; 0 = no tendency. None if every difference is zero.
    """

    pairs: int
    zeros: int
    p_value: float | None
    rank_biserial: float | None


def paired_test(differences: ArrayLike) -> PairedTest:
    """Test (n,) paired differences."""
    from scipy.stats import rankdata, wilcoxon

    values = np.asarray(differences, dtype=np.float64)
    moved = values[values != 0]
    if not moved.size:
        return PairedTest(values.size, values.size, None, None)
    ranks = rankdata(np.abs(moved))
    effect = float((ranks[moved > 0].sum() - ranks[moved < 0].sum()) / ranks.sum())
    return PairedTest(values.size, values.size - moved.size, float(wilcoxon(moved).pvalue), effect)


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Adjust p-values for their number by Holm's step-down method; None stays None and is not counted."""
    order = sorted(
        (number for number, value in enumerate(p_values) if value is not None), key=lambda number: p_values[number] or 0.0
    )
    adjusted: list[float | None] = [None] * len(p_values)
    largest = 0.0
    for rank, number in enumerate(order):
        largest = max(largest, min(1.0, (len(order) - rank) * (p_values[number] or 0.0)))
        adjusted[number] = largest
    return adjusted


def comparison_table(these: Path, others: Path) -> Table:
    """Compare the ``cases.csv`` of two evaluations: differences are these - others.

    Raises
    ------
    ArgumentError
        A file is missing or is no such table, no case is in both, or their references differ.
    """
    left, right = read_cases(these), read_cases(others)
    shared = [key for key in left if key in right]
    if not shared:
        raise ArgumentError(f"{others} has no case in common with this evaluation: compare evaluations of the same cases")
    for key in shared:
        a, b = left[key]["reference_ml"], right[key]["reference_ml"]
        if abs((a or 0.0) - (b or 0.0)) > _SAME_VOLUME * max(1.0, a or 0.0):
            raise ArgumentError(f"{others} was evaluated against other references (case {key[0]}, {key[1]}): use the same ones")
    rows: list[list[Cell]] = []
    for column, more_is_better in COMPARED.items():
        for name in dict.fromkeys(name for _, name in shared):
            pairs = [(left[key][column], right[key][column]) for key in shared if key[1] == name]
            difference = np.array([a - b for a, b in pairs if a is not None and b is not None], dtype=np.float64)
            test, mean = paired_test(difference), mean_with_interval(difference)
            ends = (None, None, None) if mean is None else (mean.value, mean.low, mean.high)
            better = None if not difference.size else float(np.mean(difference > 0 if more_is_better else difference < 0))
            rows.append([name, column, test.pairs, *ends, better, test.p_value, None, test.rank_biserial])
    for row, adjusted in zip(rows, holm([row[7] for row in rows]), strict=True):  # type: ignore[misc]
        row[8] = adjusted
    note = (
        "Differences are this evaluation - the other, over the cases in which both are defined, with 95 % interval (bootstrap "
        "over cases). p: Wilcoxon's signed-rank test; p (Holm): adjusted for all rows. Effect: "
        "matched-pairs rank-biserial correlation."
    )
    columns = ("class", "figure", "pairs", "difference", "low", "high", "share better", "p", "p (Holm)", "effect")
    return Table("comparison", "Comparison", columns, tuple(tuple(row) for row in rows), note)


def read_cases(path: Path) -> dict[tuple[str, str], dict[str, float | None]]:
    """Read ``cases.csv``: the compared columns and the reference volume by case and class."""
    try:
        with path.open(newline="", encoding="utf-8") as stream:
            rows = {}
            for row in csv.DictReader(stream):
                values = {key: float(cell) if cell else None for key, cell in row.items() if key not in ("case", "class")}
                predicted, reference = values["predicted_ml"] or 0.0, values["reference_ml"] or 0.0
                absent = math.isclose(predicted + reference, 0.0)
                values["absolute_volume_error_ml"] = None if absent else abs(predicted - reference)
                rows[row["case"], row["class"]] = {key: values[key] for key in (*COMPARED, "reference_ml")}
            return rows
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ArgumentError(f"{path} is missing or no table of cases: name the folder of a finished evaluation") from error
