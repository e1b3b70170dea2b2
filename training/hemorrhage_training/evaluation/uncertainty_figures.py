"""Figures of the uncertainty."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .calibration import RELIABILITY_BINS, Calibration
from .case_scores import ANY, Region
from .cohort import Cohort
from .error_detection import ErrorDetection
from .evaluate_case import MAPS
from .figures import FAINT, INK, LINE, finish
from .uncertainty_tables import risk_curves

_REGION_COLOURS = {Region.WHOLE: "#5b6875", Region.HEAD: "#d55e00"}
#: Fewer voxels than this in a bin make its rate noise; it is drawn hollow.
_FEW = 100
#: The ranking that the figure of failing cases shows first.
_RANKINGS = ("entropy_per_ml", "mutual_information_per_ml", "variance_per_ml", "relative_interval")


def error_rate_figure(cohort: Cohort) -> Figure:
    """Draw the error rate against each map's uncertainty, and below it how many voxels each rate rests on."""
    figure = Figure(figsize=(10.5, 4.2), dpi=150, facecolor="white", layout="constrained")
    grid = figure.subplots(2, len(MAPS), sharex="col", height_ratios=(2, 1), squeeze=False)
    for column, name in enumerate(MAPS):
        for region in cohort.regions:
            _error_rate(grid[0, column], grid[1, column], cohort.errors[region, name], region)
        finish(grid[0, column], name.replace("_", " "), y="error rate" if column == 0 else "")
        finish(grid[1, column], "", name.replace("_", " "), "voxels" if column == 0 else "")
        grid[0, column].set_ylim(0, 1)
        grid[1, column].set_yscale("log")
    grid[0, 0].legend(frameon=False, fontsize=8, loc="upper left")
    return figure


def reliability_figure(cohort: Cohort) -> Figure:
    """Draw accuracy against confidence, and the share of voxels by confidence, for each region."""
    regions = cohort.regions
    figure = Figure(figsize=(3.9 * len(regions), 4.2), dpi=150, facecolor="white", layout="constrained")
    grid = figure.subplots(2, len(regions), sharex="col", height_ratios=(3, 1), squeeze=False)
    for column, region in enumerate(regions):
        _reliability(grid[0, column], grid[1, column], cohort.calibration[region], region)
    return figure


def risk_coverage_figure(cohort: Cohort) -> Figure:
    """Draw mean risk of the surest cases against their share, for the rankings that normalize by size."""
    figure = Figure(figsize=(5.2, 3.6), dpi=150, facecolor="white", layout="constrained")
    axes = figure.subplots()
    curves = {name: curve for (kind, name), (curve, _) in risk_curves(cohort).items() if kind == ANY and name in _RANKINGS}
    for name, curve in curves.items():
        axes.plot(curve.coverage, curve.risk, linewidth=1.6, label=f"{name.replace('_', ' ')} ({curve.aurc:.3f})")
    if curves:
        first = next(iter(curves.values()))
        axes.plot(
            first.coverage, first.oracle, color=INK, linestyle=(0, (2, 2)), linewidth=1, label=f"best ({first.oracle_aurc:.3f})"
        )
        axes.axhline(first.random_aurc, color=LINE, linewidth=1, label=f"random ({first.random_aurc:.3f})")
        axes.legend(frameon=False, fontsize=7.5, title="ranked by (AURC)", title_fontsize=7.5)
    axes.set_xlim(0, 1.01)
    axes.set_ylim(bottom=0)
    finish(axes, "Cases kept, the surest first", "share of cases", "mean of 1 - Dice, any hemorrhage")
    return figure


def _error_rate(above: Axes, below: Axes, counts: ErrorDetection, region: Region) -> None:
    rates = counts.error_rates()
    total = rates.right + rates.wrong
    center = (rates.edges[:-1] + rates.edges[1:]) / 2
    used = total > 0
    rate = rates.wrong[used] / total[used]
    color = _REGION_COLOURS[region]
    above.plot(center[used], rate, color=color, linewidth=1.2, label=str(region))
    many = total[used] >= _FEW
    above.scatter(center[used][many], rate[many], s=16, color=color, zorder=3)
    above.scatter(center[used][~many], rate[~many], s=16, facecolors="white", edgecolors=color, zorder=3)
    below.step(rates.edges, np.append(total, total[-1]), where="post", color=color, linewidth=1.2)


def _reliability(above: Axes, below: Axes, sums: Calibration, region: Region) -> None:
    edges = np.linspace(0, 1, RELIABILITY_BINS + 1)
    used = sums.counts > 0
    width = 1 / RELIABILITY_BINS
    accuracy = sums.hits[used] / sums.counts[used]
    confidence = sums.confidences[used] / sums.counts[used]
    color = _REGION_COLOURS[region]
    above.bar(edges[:-1][used], accuracy, width=width, align="edge", color=color, alpha=0.35, edgecolor="white")
    above.plot(confidence, accuracy, marker="o", markersize=4, color=color, linewidth=1.2)
    above.plot([0, 1], [0, 1], color=FAINT, linewidth=0.9, linestyle=(0, (3, 2)))
    above.set_xlim(0, 1)
    above.set_ylim(0, 1)
    below.bar(edges[:-1], sums.counts / max(sums.voxels, 1), width=width, align="edge", color=color, alpha=0.6, edgecolor="white")
    below.set_yscale("log")
    ece = "" if sums.ece is None else f", ECE {sums.ece:.4f}"
    finish(above, f"{region}{ece}", y="accuracy")
    finish(below, "", "confidence of the predicted class", "share")
