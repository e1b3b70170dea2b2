"""The study's figure: reliability of every method (Li et al., Fig. 7)."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from ...evaluation.calibration import RELIABILITY_BINS
from ...evaluation.figures import FAINT, finish
from .cell import Cell

_COLUMNS = 3
_COLOUR = "#d55e00"
#: Letters in a line of a title.
_TITLE_WIDTH = 26
#: A bin with fewer voxels is noise and is drawn hollow.
_FEW = 100


def reliability_figure(cells: Mapping[str, Sequence[Cell]]) -> Figure:
    """Draw accuracy against confidence for each method, over all voxels inside the skulls and all seeds.

    Parameters
    ----------
    cells : mapping of title to sequence of Cell
        One cell per seed.
    """
    rows = -(-len(cells) // _COLUMNS)
    figure = Figure(figsize=(2.9 * _COLUMNS, 2.6 * rows), dpi=110, facecolor="white", layout="constrained")
    grid = figure.subplots(rows, _COLUMNS, sharex=True, sharey=True, squeeze=False)
    for axes in list(grid.flat)[len(cells) :]:
        axes.set_visible(False)
    for axes, (title, of_seeds) in zip(grid.flat, cells.items(), strict=False):
        counts, confidences, hits = (
            np.sum([getattr(cell, name) for cell in of_seeds], axis=0) for name in ("counts", "confidences", "hits")
        )
        used = counts > 0
        accuracy, confidence, many = hits[used] / counts[used], confidences[used] / counts[used], counts[used] >= _FEW
        left = np.arange(RELIABILITY_BINS)[used] / RELIABILITY_BINS
        axes.bar(left, accuracy, width=1 / RELIABILITY_BINS, align="edge", color=_COLOUR, alpha=0.3, edgecolor="white")
        axes.plot(confidence, accuracy, color=_COLOUR, linewidth=1.2)
        axes.scatter(confidence[many], accuracy[many], s=14, color=_COLOUR, zorder=3)
        axes.scatter(confidence[~many], accuracy[~many], s=14, facecolors="white", edgecolors=_COLOUR, zorder=3)
        axes.plot([0, 1], [0, 1], color=FAINT, linewidth=0.9, linestyle=(0, (3, 2)))
        axes.set_xlim(0.4, 1)
        axes.set_ylim(0, 1)
        finish(axes, textwrap.fill(title, _TITLE_WIDTH))
    figure.supxlabel("confidence of the predicted class", fontsize=8.5, color=FAINT)
    figure.supylabel("accuracy", fontsize=8.5, color=FAINT)
    return figure
