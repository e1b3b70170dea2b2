"""The report's smaller figures, as PNG bytes."""

from __future__ import annotations

import io

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ..segmentation import Lesion, PlaceToLookAt, Segmentation, VolumeEstimate
from .axial_view import AxialView
from .slice_choice import slice_through
from .slice_painting import class_colour, paint_ct, paint_heat, paint_letters, paint_outlines, paint_scale_bar

_CLOSE_UP_MM = 80.0
_INK, _FAINT = "#1b2733", "#5b6875"


def lesion_close_up(segmentation: Segmentation, view: AxialView, lesion: Lesion) -> bytes:
    """Return 8 x 8 cm around a lesion: outlines on the left, uncertainty on the right."""
    return _close_up(segmentation, view, slice_through(segmentation, view, lesion), lesion.centre_ras)


def place_close_up(segmentation: Segmentation, view: AxialView, place: PlaceToLookAt) -> bytes:
    """Return 8 x 8 cm around a place to look at: outlines on the left, uncertainty on the right."""
    return _close_up(segmentation, view, place.nearest_slice, place.centre_ras)


def sample_volumes_figure(segmentation: Segmentation) -> bytes | None:
    """Return a histogram of the samples' volumes per class that any sample or the label map contains; None if there is none.

    Each panel has its own scale: the stated interval is shaded, the volume of the final label map is the dark line.
    """
    shown = [volume for volume in segmentation.volumes if volume.volume_ml > 0 or max(volume.samples_ml, default=0) > 0]
    if len(shown) == 2:  # one class and the total are the same
        shown = shown[:1]
    if not shown:
        return None
    columns = 3
    rows = -(-len(shown) // columns)
    figure = Figure(figsize=(9.0, 1.85 * rows + 0.1), dpi=150, facecolor="white", layout="constrained")
    grid = figure.add_gridspec(rows, columns)
    for position, volume in enumerate(shown):
        _histogram(figure.add_subplot(grid[divmod(position, columns)]), volume)
    return _png(figure)


def _histogram(axes: Axes, volume: VolumeEstimate) -> None:
    samples = np.asarray(volume.samples_ml)
    colour = "#7a8794" if volume.name == "total" else class_colour(volume.name)
    ends = [volume.volume_ml, *(each for each in (volume.low_ml, volume.high_ml) if each is not None)]
    low, high = float(min(samples.min(), *ends)), float(max(samples.max(), *ends))
    margin = max(0.5 * 10 ** np.floor(np.log10(max(high, 0.1))) * 0.2, 0.08 * (high - low))
    edges = np.linspace(max(0.0, low - margin), high + margin, 16)
    if volume.low_ml is not None and volume.high_ml is not None:
        axes.axvspan(volume.low_ml, volume.high_ml, color="#dfe5ea", zorder=0, linewidth=0)
    axes.hist(samples, bins=edges.tolist(), color=colour, edgecolor="white", linewidth=0.6, zorder=2)
    axes.axvline(volume.volume_ml, color=_INK, linewidth=1.6, zorder=3)
    if edges[0] < volume.exceeds_ml < edges[-1]:
        axes.axvline(volume.exceeds_ml, color="#a32020", linewidth=1.2, linestyle=(0, (3, 2)), zorder=3)
    axes.set_xlim(edges[0], edges[-1])
    axes.set_title(volume.name, loc="left", fontsize=9, weight="bold", color=_INK)
    axes.set_xlabel("volume in mL", fontsize=8, color=_FAINT)
    axes.set_ylabel("samples", fontsize=8, color=_FAINT)
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.tick_params(labelsize=7.5, colors=_FAINT)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color("#b6bfc8")


def _close_up(segmentation: Segmentation, view: AxialView, number: int, centre: tuple[float, float, float]) -> bytes:
    box = view.box_around(centre, _CLOSE_UP_MM)
    figure = Figure(figsize=(2.64, 1.3), dpi=140, facecolor="white")
    for side in range(2):
        axes = figure.add_axes((side * 0.508, 0, 0.492, 1))
        paint_ct(axes, segmentation, view, number, box)
        if side == 0:
            paint_outlines(axes, segmentation, view, number, box, width=1.1)
            paint_scale_bar(axes, view, box, length_mm=20, size=5)
        else:
            paint_heat(axes, segmentation, view, number, box)
        paint_letters(axes, size=5.5)
    return _png(figure)


def _png(figure: Figure) -> bytes:
    stream = io.BytesIO()
    figure.savefig(stream, format="png", metadata={"Software": "HemorrhageUncertainty"})
    return stream.getvalue()
