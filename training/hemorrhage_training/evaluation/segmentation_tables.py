"""Tables of the label maps: per case, per class with intervals, and an overview to read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from .bootstrap import Estimate, mean_of_classes, mean_with_interval, ratio_with_interval
from .case_scores import ClassScores
from .cohort import Cohort
from .rater_scores import MEAN_OF_CLASSES
from .tables import Cell, Table, estimate_in_words


@dataclass(frozen=True)
class Metric:
    """One figure of a class in a case.

    Attributes
    ----------
    name : str
        Column name.
    title : str
        For people, with the unit.
    larger_is_better : bool or None
        None where neither is.
    """

    name: str
    title: str
    of: Callable[[ClassScores], float | None]
    larger_is_better: bool | None


METRICS = (
    Metric("dice", "Dice", lambda scores: scores.dice, True),
    Metric("jaccard", "Jaccard", lambda scores: scores.jaccard, True),
    Metric("hd_mm", "HD, mm", lambda scores: scores.hd_mm, False),
    Metric("hd95_mm", "HD95, mm", lambda scores: scores.hd95_mm, False),
    Metric("assd_mm", "ASSD, mm", lambda scores: scores.assd_mm, False),
    Metric("rvd", "RVD", lambda scores: scores.rvd, None),
    Metric("absolute_rvd", "|RVD|", lambda scores: None if scores.rvd is None else abs(scores.rvd), False),
)

_UNDEFINED_NOTE = (
    "Mean over cases with its 95 % interval (bootstrap over cases). Left out: Dice and Jaccard of a class that is absent from "
    "both prediction and reference, distances where it is absent from either, relative volume difference (RVD) where the "
    "reference lacks it; segmentation.csv counts them. One-sided absence is Dice 0."
)


def case_table(cohort: Cohort) -> Table:
    """Return one row per case and class, with everything that `ClassScores` holds."""
    columns = [each.name for each in fields(ClassScores) if each.name != "name"]
    rows = [
        (case, name, *(getattr(scores[number], column) for column in columns))
        for number, case in enumerate(cohort.cases)
        for name, scores in cohort.classes.items()
    ]
    return Table("cases", "Cases", ("case", "class", *columns), tuple(rows))


def values_of(metric: Metric, scores: list[ClassScores]) -> NDArray[np.float64]:
    """Return a metric's (n,) values over cases; NaN where undefined."""
    return np.array([np.nan if (value := metric.of(each)) is None else value for each in scores], dtype=np.float64)


def segmentation_table(cohort: Cohort) -> Table:
    """Return one row per class and metric: cases with and without a value, mean with interval, spread."""
    rows: list[tuple[Cell, ...]] = []
    for metric in METRICS:
        for name, scores in cohort.classes.items():
            values = values_of(metric, scores)
            defined = values[np.isfinite(values)]
            rows.append((name, metric.name, defined.size, values.size - defined.size, *_summary(defined)))
        if len(cohort.subtypes) > 1:
            rows.append(
                (MEAN_OF_CLASSES, metric.name, *_counts(cohort, metric), *_ends(_class_mean(cohort, metric)), *[None] * 4)
            )
    for name, scores in cohort.classes.items():
        found, lesions = (np.array([getattr(each, key) for each in scores]) for key in ("found_lesions", "reference_lesions"))
        false = np.array([each.false_positive_lesions for each in scores])
        with_lesions = int((lesions > 0).sum())
        sensitivity = _ends(ratio_with_interval(found, lesions))
        rows.append((name, "lesion_sensitivity", with_lesions, len(scores) - with_lesions, *sensitivity, *[None] * 4))
        rows.append((name, "false_positive_lesions", len(scores), 0, *_summary(false.astype(np.float64))))
    columns = ("class", "metric", "cases", "undefined", "mean", "low", "high", "sd", "median", "q1", "q3")
    return Table("segmentation", "Segmentation, all figures", columns, tuple(rows))


def segmentation_overview(cohort: Cohort) -> Table:
    """Return one row per class and one column per metric, to read."""
    shown = [metric for metric in METRICS if metric.name not in ("jaccard", "absolute_rvd")]
    rows: list[tuple[Cell, ...]] = []
    for name, scores in cohort.classes.items():
        cells = []
        for metric in shown:
            values = values_of(metric, scores)
            cells.append(estimate_in_words(*_ends(mean_with_interval(values[np.isfinite(values)]))))
        present = sum(each.reference_ml > 0 for each in scores)
        found = [each.found_lesions for each in scores]
        sensitivity = estimate_in_words(*_ends(ratio_with_interval(found, [each.reference_lesions for each in scores])))
        false = estimate_in_words(*_ends(mean_with_interval([each.false_positive_lesions for each in scores])))
        rows.append((name, present, *cells, sensitivity, false))
    if len(cohort.subtypes) > 1:
        means = (estimate_in_words(*_ends(_class_mean(cohort, metric))) for metric in shown)
        rows.insert(len(cohort.subtypes), (MEAN_OF_CLASSES, None, *means, None, None))
    columns = ("class", "cases with it", *(metric.title for metric in shown), "lesion sensitivity", "false lesions per case")
    return Table("segmentation_overview", "Segmentation", columns, tuple(rows), _UNDEFINED_NOTE)


def _class_mean(cohort: Cohort, metric: Metric) -> Estimate | None:
    return mean_of_classes(np.stack([values_of(metric, cohort.classes[name]) for name in cohort.subtypes], axis=1))


def _counts(cohort: Cohort, metric: Metric) -> tuple[int, int]:
    values = np.stack([values_of(metric, cohort.classes[name]) for name in cohort.subtypes])
    with_value = int(np.isfinite(values).any(axis=0).sum())
    return with_value, len(cohort.cases) - with_value


def _ends(estimate: Estimate | None) -> tuple[float | None, float | None, float | None]:
    return (None, None, None) if estimate is None else (estimate.value, estimate.low, estimate.high)


def _summary(values: NDArray[np.float64]) -> tuple[Cell, ...]:
    """Return mean, its interval, standard deviation (n - 1), median and quartiles."""
    if not values.size:
        return (None,) * 7
    spread = float(values.std(ddof=1)) if values.size > 1 else None
    q1, median, q3 = (float(each) for each in np.quantile(values, (0.25, 0.5, 0.75)))
    return (*_ends(mean_with_interval(values)), spread, median, q1, q3)
