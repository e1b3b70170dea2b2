"""``overview.png``: the slices that matter, with outlines above and uncertainty below."""

from __future__ import annotations

from pathlib import Path

from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ..segmentation import Segmentation, VolumeEstimate
from .axial_view import AxialView
from .slice_choice import choose_slices, head_box
from .slice_painting import (
    HEAT_COLOURS,
    class_colour,
    heat_scale,
    paint_caption,
    paint_ct,
    paint_heat,
    paint_letters,
    paint_outlines,
    paint_scale_bar,
)

RESEARCH_USE = "Research use only — not for diagnosis"
_PICTURES = 4
_PANEL_WIDTH = 3.0  # inches; also the figure's other measures
_TOP, _BOTTOM, _SIDE, _BAR, _GAP = 0.80, 0.34, 0.12, 0.95, 0.05
_INK, _FAINT = "#1b2733", "#5b6875"


def draw_overview(segmentation: Segmentation) -> Figure:
    """Draw up to four slices: the CT with the outline of each class, and below it the normalised predictive entropy."""
    view = AxialView(segmentation.ct)
    numbers = choose_slices(segmentation, view, _PICTURES)
    box = head_box(segmentation, view, numbers)
    aspect = (box.bottom - box.top) * view.row_mm / ((box.right - box.left) * view.column_mm)
    panel_height = _PANEL_WIDTH * min(max(aspect, 0.4), 2.5)
    width = 2 * _SIDE + _BAR + len(numbers) * (_PANEL_WIDTH + _GAP)
    height = _TOP + _BOTTOM + 2 * panel_height + _GAP
    figure = Figure(figsize=(width, height), dpi=130, facecolor="white")
    for column, number in enumerate(numbers):
        for row in range(2):
            bottom = _BOTTOM + (1 - row) * (panel_height + _GAP)
            left = _SIDE + column * (_PANEL_WIDTH + _GAP)
            axes = figure.add_axes((left / width, bottom / height, _PANEL_WIDTH / width, panel_height / height))
            paint_ct(axes, segmentation, view, number, box)
            if row == 0:
                paint_outlines(axes, segmentation, view, number, box)
            else:
                paint_heat(axes, segmentation, view, number, box)
            paint_letters(axes)
            paint_caption(axes, view, number)
            paint_scale_bar(axes, view, box)
    _colour_bar(figure, segmentation, panel_height)
    _title_and_legend(figure, segmentation)
    return figure


def write_overview(segmentation: Segmentation, path: Path) -> Path:
    """Write the overview as a PNG file and return its path."""
    draw_overview(segmentation).savefig(path, format="png", metadata={"Software": "HemorrhageUncertainty"})
    return path


def _colour_bar(figure: Figure, segmentation: Segmentation, panel_height: float) -> None:
    width, height = figure.get_size_inches()
    axes = figure.add_axes(
        ((width - _BAR) / width, (_BOTTOM + 0.1 * panel_height) / height, 0.14 / width, 0.8 * panel_height / height)
    )
    scale = heat_scale(len(segmentation.classes))
    bar = figure.colorbar(
        ScalarMappable(scale, HEAT_COLOURS), cax=axes, extend="max" if len(segmentation.classes) > 2 else "neither"
    )
    bar.set_label("predictive entropy (0 to 1)\nupper end: even split of two classes", fontsize=7.5, color=_INK)
    bar.ax.tick_params(labelsize=7, colors=_INK)
    bar.outline.set_visible(False)


def _title_and_legend(figure: Figure, segmentation: Segmentation) -> None:
    width, height = figure.get_size_inches()

    def at(x: float, y: float) -> tuple[float, float]:
        return x / width, (height - y) / height

    total = segmentation.volumes[-1]
    found = [volume for volume in segmentation.volumes[:-1] if volume.volume_ml > 0]
    title = f"Hemorrhage {total.volume_ml:.1f} mL ({_interval(total)})" if found else "No hemorrhage segmented"
    figure.text(*at(_SIDE, 0.14), title, fontsize=14, weight="bold", color=_INK, va="top")
    figure.text(*at(width - _SIDE, 0.16), RESEARCH_USE, fontsize=10, weight="bold", color="#a32020", va="top", ha="right")
    if found:
        figure.legend(
            handles=[Line2D([], [], color=class_colour(volume.name), linewidth=3) for volume in found],
            labels=[f"{volume.name} {volume.volume_ml:.1f} mL ({_interval(volume)})" for volume in found],
            loc="upper left",
            bbox_to_anchor=at(_SIDE - 0.05, 0.40),
            ncols=len(found),
            frameon=False,
            fontsize=9,
            labelcolor=_INK,
            handlelength=1.2,
            borderpad=0.3,
        )
    note = "Above: CT, level 40 HU, width 80 HU, outlines of the label map. Below: uncertainty. Patient's right is on the left. "
    calibration = segmentation.provenance.get("calibration")
    if calibration is None:
        note += "In brackets: 5 to 95 % of the samples' volumes, not calibrated."
    else:
        note += f"In brackets: calibrated {100 * calibration['level']:g} % interval."
    figure.text(_SIDE / width, 0.12 / height, note, fontsize=7.5, color=_FAINT, va="bottom")


def _interval(volume: VolumeEstimate) -> str:
    return "no interval" if volume.low_ml is None else volume.interval_text()
