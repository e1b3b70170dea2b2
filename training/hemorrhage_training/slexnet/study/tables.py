"""The study's tables, from its cells: means over the test cases, then over seeds with their standard deviation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from statistics import fmean, median, stdev

from ...evaluation.agreement import volume_agreement
from ...evaluation.tables import UNDEFINED, Table, in_words
from .cell import CaseFigures, Cell
from .weight_sweep import WEIGHTS

Figure = Callable[[Cell], float | None]
Cells = Mapping[str, Sequence[Cell]]


def _mean(of: Callable[[CaseFigures], float | None], factor: float = 1.0) -> Figure:
    def mean(cell: Cell) -> float | None:
        known = [value for case in cell.cases if (value := of(case)) is not None]
        return factor * fmean(known) if known else None

    return mean


def _volume_r2(cell: Cell) -> float | None:
    used = [case for case in cell.cases if case.predicted_ml or case.reference_ml]
    return volume_agreement([case.predicted_ml for case in used], [case.reference_ml for case in used]).r2


_DICE = _mean(lambda case: case.dice)
_UNCERTAINTY: dict[str, Figure] = {
    "Dice": _DICE,
    "NLL": _mean(lambda case: case.nll),
    "Brier, %": _mean(lambda case: case.brier, 100),
    "ECE, %": _mean(lambda case: case.ece, 100),
    "seconds per case": lambda cell: median(case.seconds for case in cell.cases),
}
_SEGMENTATION: dict[str, Figure] = {
    "Dice": _DICE,
    "HD, mm": _mean(lambda case: case.hd_mm),
    "|RVD|, %": _mean(lambda case: case.rvd, 100),
    "volume R2": _volume_r2,
}


def uncertainty_table(cells: Cells) -> Table:
    """Return Table II, whose rows are methods; NLL, Brier score and ECE are those inside the skull."""
    return _table("uncertainty", "Uncertainty (Table II)", _UNCERTAINTY, cells)


def segmentation_table(cells: Cells) -> Table:
    """Return Tables I, III and IV in one."""
    return _table("segmentation", "Segmentation (Tables I, III and IV)", _SEGMENTATION, cells)


def weight_table(sweeps: Sequence[Mapping[str, Sequence[float | None]]]) -> Table:
    """Return Dice over the weight (Fig. 5); one sweep of `dice_by_weight` per seed."""
    rows = [
        (title, *(_over_seeds([sweep[name][k] for sweep in sweeps]) for k in range(len(WEIGHTS))))
        for title, name in (("CW-MSA", "consistency"), ("MSA", "plain"))
    ]
    columns = ("Dice at the weight", *(f"{weight:g}" for weight in WEIGHTS))
    return Table("weights", "Weight of the expansions (Fig. 5)", columns, tuple(rows))


def _table(name: str, title: str, figures: Mapping[str, Figure], cells: Cells) -> Table:
    rows = [(arm, *(_over_seeds([of(cell) for cell in seeds]) for of in figures.values())) for arm, seeds in cells.items()]
    return Table(name, title, ("method", *figures), tuple(rows))


def _over_seeds(values: Sequence[float | None]) -> str:
    known = [value for value in values if value is not None]
    if not known:
        return UNDEFINED
    mean = in_words(fmean(known))
    decimals = len(mean.partition(".")[2])
    return mean + (f" ± {stdev(known):.{decimals}f}" if len(known) > 1 else "")
