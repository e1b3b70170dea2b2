"""Figures of the label maps and volumes."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hemorrhage.hemorrhage_class import CLASS_COLOURS

from .agreement import volume_agreement
from .case_scores import ClassScores
from .cohort import Cohort
from .segmentation_tables import METRICS, values_of
from .volume_table import with_volume

INK, FAINT, LINE = "#1b2733", "#5b6875", "#b6bfc8"
_GREY = "#7a8794"
_COLUMNS = 3
_JITTER_SEED = 0


def segmentation_figure(cohort: Cohort) -> Figure:
    """Draw every case's Dice, HD95 and ASSD by class: box of the quartiles, dots for the cases."""
    shown = [metric for metric in METRICS if metric.name in ("dice", "hd95_mm", "assd_mm")]
    figure = Figure(figsize=(10.5, 3.4), dpi=150, facecolor="white", layout="constrained")
    for axes, metric in zip(figure.subplots(1, len(shown)), shown, strict=True):
        _boxes(axes, {name: values_of(metric, scores) for name, scores in cohort.classes.items()})
        finish(axes, metric.title)
        axes.set_ylim(bottom=0, top=1.02 if metric.name == "dice" else None)
    return figure


def volume_figure(cohort: Cohort) -> Figure:
    """Draw a Bland-Altman plot per class: difference against mean, bias and limits of agreement."""
    return _per_class(cohort, _bland_altman)


def interval_figure(cohort: Cohort) -> Figure:
    """Draw each case's stated interval against its reference volume, red where the interval misses it."""
    return _per_class(cohort, _intervals)


def finish(axes: Axes, title: str, x: str = "", y: str = "") -> None:
    """Give axes the title, the labels and the plain look that all figures share."""
    axes.set_title(title, loc="left", fontsize=9.5, weight="bold", color=INK)
    axes.set_xlabel(x, fontsize=8.5, color=FAINT)
    axes.set_ylabel(y, fontsize=8.5, color=FAINT)
    axes.tick_params(labelsize=8, colors=FAINT)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(LINE)


def write_figure(figure: Figure, folder: Path, name: str) -> Path:
    """Write ``<name>.png`` and ``<name>.svg``; return the path of the former."""
    path = folder / f"{name}.png"
    figure.savefig(path, metadata={"Software": "HemorrhageUncertainty"})
    figure.savefig(folder / f"{name}.svg", metadata={"Date": None})
    return path


def colour_of(name: str) -> str:
    """Return a class's color, grey for all hemorrhage together."""
    return "#{:02x}{:02x}{:02x}".format(*CLASS_COLOURS[name]) if name in CLASS_COLOURS else _GREY


def _boxes(axes: Axes, values: dict[str, np.ndarray]) -> None:
    rng = np.random.default_rng(_JITTER_SEED)
    for position, (name, each) in enumerate(values.items()):
        defined = each[np.isfinite(each)]
        if not defined.size:
            continue
        axes.boxplot(
            [defined],
            positions=[position],
            widths=0.55,
            showfliers=False,
            medianprops={"color": INK, "linewidth": 1.6},
            boxprops={"color": FAINT},
            whiskerprops={"color": FAINT},
            capprops={"color": FAINT},
        )
        place = position + rng.uniform(-0.16, 0.16, defined.size)
        axes.scatter(place, defined, s=11, color=colour_of(name), alpha=0.75, linewidths=0, zorder=3)
    axes.set_xticks(range(len(values)), [_short(name, each) for name, each in values.items()])
    axes.set_xlim(-0.6, len(values) - 0.4)


def _short(name: str, values: np.ndarray) -> str:
    return f"{name.removesuffix(' hemorrhage')}\n{int(np.isfinite(values).sum())}"


def _per_class(cohort: Cohort, draw: Callable[[Axes, str, list[ClassScores]], None]) -> Figure:
    shown = {name: used for name, scores in cohort.classes.items() if (used := with_volume(scores))}
    columns = min(_COLUMNS, max(1, len(shown)))
    rows = max(1, math.ceil(len(shown) / columns))
    figure = Figure(figsize=(3.5 * columns, 2.6 * rows), dpi=150, facecolor="white", layout="constrained")
    for position, (name, scores) in enumerate(shown.items(), start=1):
        draw(figure.add_subplot(rows, columns, position), name, scores)
    return figure


def _bland_altman(axes: Axes, name: str, scores: list[ClassScores]) -> None:
    predicted, reference = (np.array([getattr(each, key) for each in scores]) for key in ("predicted_ml", "reference_ml"))
    agreement = volume_agreement(predicted, reference)
    axes.axhline(0, color=LINE, linewidth=0.8)
    for height, style in (
        (agreement.bias_ml, "-"),
        (agreement.low_limit_ml, "--"),
        (agreement.high_limit_ml, "--"),
    ):
        if height is not None:
            axes.axhline(height, color=INK, linewidth=1.2, linestyle=style)
    axes.scatter(
        (predicted + reference) / 2, predicted - reference, s=14, color=colour_of(name), alpha=0.8, linewidths=0, zorder=3
    )
    finish(axes, f"{name} ({len(scores)})", "mean of both, mL", "prediction - reference, mL")


def _intervals(axes: Axes, name: str, scores: list[ClassScores]) -> None:
    stated = [
        (each.low_ml, each.high_ml, each.reference_ml, each.predicted_ml)
        for each in scores
        if each.low_ml is not None and each.high_ml is not None
    ]
    for low, high, reference, predicted in stated:
        color = colour_of(name) if low <= reference <= high else "#a32020"
        axes.plot([reference] * 2, [low, high], color=color, linewidth=1.6, solid_capstyle="butt")
        axes.plot(reference, predicted, marker="o", markersize=3, color=color)
    end = 1.04 * max((max(each) for each in stated), default=1.0)
    axes.plot([0, end], [0, end], color=LINE, linewidth=0.9, zorder=0)
    axes.set_xlim(0, end)
    axes.set_ylim(0, end)
    finish(axes, f"{name} ({len(stated)})", "reference, mL", "stated interval, mL")
