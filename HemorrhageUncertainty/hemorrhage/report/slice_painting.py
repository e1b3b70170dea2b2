"""Paints one axial slice: CT in the brain window, class outlines, uncertainty as a heat map, letters and scale."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.patheffects import withStroke

from ..hemorrhage_class import CLASS_COLOURS
from ..segmentation import Segmentation
from .axial_view import AxialView, PictureBox

#: Brain window in HU.
WINDOW_LEVEL, WINDOW_WIDTH = 40.0, 80.0
SCALE_BAR_MM = 50.0
HEAT_COLOURS = "inferno"
#: Normalised entropy (as a share of the heat map's upper end) at which the heat map begins, and from which it is opaque.
_FADE_IN = (0.08, 0.45)
_ON_CT: dict[str, Any] = {"color": "white", "path_effects": [withStroke(linewidth=1.6, foreground="black")]}


def class_colour(name: str) -> tuple[float, float, float]:
    """Return the display color of a class as RGB in [0, 1]; white for a class we do not know."""
    red, green, blue = CLASS_COLOURS.get(name, (255, 255, 255))
    return red / 255, green / 255, blue / 255


def heat_scale(class_count: int) -> Normalize:
    """Return the heat map's scale: from 0 to the normalised entropy of an even split between two classes."""
    return Normalize(0.0, math.log(2) / math.log(class_count))


def paint_ct(axes: Axes, segmentation: Segmentation, view: AxialView, number: int, box: PictureBox) -> None:
    """Paint a slice in the brain window and set the axes up in mm."""
    picture = view.picture(segmentation.ct.hu, number)[box.window]
    low, high = WINDOW_LEVEL - WINDOW_WIDTH / 2, WINDOW_LEVEL + WINDOW_WIDTH / 2
    axes.set_facecolor("black")
    axes.imshow(picture, cmap="gray", vmin=low, vmax=high, extent=_extent(view, box), interpolation="bilinear")
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)


def paint_outlines(
    axes: Axes, segmentation: Segmentation, view: AxialView, number: int, box: PictureBox, *, width: float = 1.3
) -> None:
    """Draw the outline of each class of the label map."""
    labels = np.pad(view.picture(segmentation.labels, number)[box.window], 1)
    rows, columns = labels.shape
    x = (np.arange(columns) - 0.5) * view.column_mm
    y = (np.arange(rows) - 0.5) * view.row_mm
    for label in np.unique(labels[labels > 0]):
        colour = class_colour(segmentation.classes[label])
        axes.contour(x, y, labels == label, levels=[0.5], colors=[colour], linewidths=width)
    _keep_limits(axes, view, box)


def paint_heat(axes: Axes, segmentation: Segmentation, view: AxialView, number: int, box: PictureBox) -> None:
    """Lay the normalised predictive entropy over a slice, transparent where it is near zero."""
    scale = heat_scale(len(segmentation.classes))
    share = np.clip(scale(view.picture(segmentation.entropy, number)[box.window]), 0, 1)
    colours = colormaps[HEAT_COLOURS](share)
    colours[..., 3] = np.clip((share - _FADE_IN[0]) / (_FADE_IN[1] - _FADE_IN[0]), 0, 1)
    axes.imshow(colours, extent=_extent(view, box), interpolation="nearest")


def paint_letters(axes: Axes, *, size: float = 8.0) -> None:
    """Write the patient's directions on the picture's edges (radiological convention, see `AxialView`)."""
    for x, y, letter, horizontal, vertical in (
        (0.02, 0.5, "R", "left", "center"),
        (0.98, 0.5, "L", "right", "center"),
        (0.5, 0.985, "A", "center", "top"),
        (0.5, 0.015, "P", "center", "bottom"),
    ):
        axes.text(x, y, letter, transform=axes.transAxes, ha=horizontal, va=vertical, fontsize=size, weight="bold", **_ON_CT)


def paint_scale_bar(axes: Axes, view: AxialView, box: PictureBox, *, length_mm: float = SCALE_BAR_MM, size: float = 7.0) -> None:
    """Draw a horizontal bar of true length in the lower right corner."""
    width, height = (box.right - box.left) * view.column_mm, (box.bottom - box.top) * view.row_mm
    end, level = 0.965 * width, 0.955 * height
    around = [withStroke(linewidth=3.6, foreground="black")]
    axes.plot([end - length_mm, end], [level] * 2, color="white", lw=2, solid_capstyle="butt", zorder=5, path_effects=around)
    axes.text(
        end - length_mm / 2, level - 0.012 * height, f"{length_mm / 10:g} cm", ha="center", va="bottom", fontsize=size, **_ON_CT
    )
    _keep_limits(axes, view, box)


def paint_caption(axes: Axes, view: AxialView, number: int, *, size: float = 7.5) -> None:
    """Write the slice's number (from 1) and its S coordinate in the upper left corner."""
    text = f"slice {number + 1}/{view.slices}\nS {view.superior_mm(number):+.1f} mm"
    axes.text(0.02, 0.985, text, transform=axes.transAxes, ha="left", va="top", fontsize=size, linespacing=1.3, **_ON_CT)


def _extent(view: AxialView, box: PictureBox) -> tuple[float, float, float, float]:
    return 0.0, (box.right - box.left) * view.column_mm, (box.bottom - box.top) * view.row_mm, 0.0


def _keep_limits(axes: Axes, view: AxialView, box: PictureBox) -> None:
    left, right, bottom, top = _extent(view, box)
    axes.set_xlim(left, right)
    axes.set_ylim(bottom, top)
