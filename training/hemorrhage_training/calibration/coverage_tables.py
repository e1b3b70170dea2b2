"""What a study of coverage found, as rows, tables and sentences."""

from __future__ import annotations

from collections.abc import Sequence

from hemorrhage.models.calibration import SizeStratum

from ..evaluation.agreement import IntervalQuality
from .coverage_over_splits import SplitCoverage
from .coverage_study import ClassCoverage, StratumCoverage

#: What coverage the study asks of 90 % intervals, on either side of the level.
TOLERANCE = 0.04
_COLUMNS = (
    "class",
    "test cases",
    "interval withheld",
    "stated and found",
    "calibrated: coverage",
    "95 % interval",
    "mean width, mL",
    "samples: coverage",
    "mean width, mL",
    "constant relative: coverage",
    "mean width, mL",
    "from, to (share of the prediction)",
    "calibrated is narrower",
)
_STRATUM_COLUMNS = (
    "class",
    "predicted volume",
    "calibration cases",
    "test cases",
    "stated",
    "coverage",
    "95 % interval",
    "mean width, mL",
)

_SPLIT_COLUMNS = ("class", "calibrated: coverage", "mean width, mL", "constant relative: mean width, mL")


def coverage_rows(classes: Sequence[ClassCoverage]) -> list[list[str]]:
    """Return a table of text, its head first."""
    return [list(_COLUMNS), *map(_row, classes)]


def coverage_report(classes: Sequence[ClassCoverage], level: float, fewest_cases: int) -> str:
    """Return tables by class and by stratum, and a sentence for each class, as Markdown.

    Parameters
    ----------
    classes : sequence of ClassCoverage
    level : float
        Of the intervals.
    fewest_cases : int
        Calibration cases from which on a stratum has intervals.
    """
    return "\n".join(
        [
            *_markdown(coverage_rows(classes)),
            "",
            *(f"- {verdict(each, level)}" for each in classes),
            "",
            f"A stratum has intervals from {fewest_cases} calibration cases on, up to the largest volume among them:",
            "",
            *_markdown([list(_STRATUM_COLUMNS), *(_stratum_row(each.name, one) for each in classes for one in each.strata)]),
        ]
    )


def splits_report(splits: Sequence[SplitCoverage], count: int) -> str:
    """Return a table of what `count` random divisions of the same cases gave, as Markdown."""
    rows = [list(_SPLIT_COLUMNS)]
    for each in splits:
        coverage = f"{_percent(each.coverage)} ± {100 * each.deviation:.1f}"
        rows.append([each.name, coverage, _ml(each.width_ml), _ml(each.relative_width_ml)])
    return "\n".join(
        [f"The same cases divided {count} times at random, mean ± standard deviation over divisions:", "", *_markdown(rows)]
    )


def verdict(coverage: ClassCoverage, level: float) -> str:
    """Return in words whether a class keeps the promise, as far as its test cases can tell."""
    quality = coverage.calibrated
    if quality.coverage is None or quality.coverage_low is None or quality.coverage_high is None:
        return f"{coverage.name}: no interval was stated."
    if abs(quality.coverage - level) <= TOLERANCE:
        kept = f"within {100 * TOLERANCE:g} points of {100 * level:g} %"
    elif quality.coverage_low <= level <= quality.coverage_high:
        kept = f"{100 * level:g} % is within its sampling error"
    else:
        kept = "more than promised" if quality.coverage > level else "**less than promised**"
    widths = {True: "narrower", False: "**wider**", None: "not comparable"}[coverage.is_narrower]
    return f"{coverage.name}: covers {_percent(quality.coverage)}, {kept}; {widths} on average than the relative interval."


def _row(coverage: ClassCoverage) -> list[str]:
    """Return the cells of one class."""
    calibrated, samples, relative = coverage.calibrated, coverage.samples, coverage.relative
    window = coverage.relative_interval
    return [
        coverage.name,
        str(coverage.cases),
        f"{coverage.withheld} ({_percent(coverage.withheld / coverage.cases)})",
        str(coverage.found),
        _percent(calibrated.coverage),
        _ends(calibrated),
        _ml(calibrated.width_ml),
        _percent(samples.coverage),
        _ml(samples.width_ml),
        _percent(relative.coverage),
        _ml(relative.width_ml),
        f"{window.lowest:.2f}, {window.highest:.2f}",
        {True: "yes", False: "no", None: "-"}[coverage.is_narrower],
    ]


def _stratum_row(name: str, coverage: StratumCoverage) -> list[str]:
    """Return the cells of one class and size."""
    quality = coverage.calibrated
    return [
        name,
        _size(coverage.stratum),
        str(coverage.stratum.cases),
        str(coverage.cases),
        str(quality.intervals),
        _percent(quality.coverage),
        _ends(quality),
        _ml(quality.width_ml),
    ]


def _size(stratum: SizeStratum) -> str:
    """Return the limits of a stratum as text."""
    if stratum.above_ml is None:
        return "nothing"
    return f"above {stratum.above_ml:g} mL" if stratum.up_to_ml is None else f"{stratum.above_ml:g} to {stratum.up_to_ml:g} mL"


def _ends(quality: IntervalQuality) -> str:
    """Return the interval of a coverage as text."""
    return f"{_percent(quality.coverage_low)} to {_percent(quality.coverage_high)}" if quality.intervals else "-"


def _markdown(rows: list[list[str]]) -> list[str]:
    """Return the lines of a table, whose first row is its head."""
    head, *others = ("| " + " | ".join(row) + " |" for row in rows)
    return [head, "|" + "---|" * len(rows[0]), *others]


def _percent(share: float | None) -> str:
    """Return a share as text."""
    return "-" if share is None else f"{100 * share:.1f} %"


def _ml(volume: float | None) -> str:
    """Return a volume as text."""
    return "-" if volume is None else f"{volume:.2f}"
