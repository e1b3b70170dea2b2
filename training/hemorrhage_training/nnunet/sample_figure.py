"""Sample patches as a picture: CT, reference and prediction, U."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.style
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from ..training_report import CLASS_COLORS
from .sample_patches import SamplePatch

#: Brain window in HU.
_WINDOW = (0.0, 80.0)


@matplotlib.style.context("default")  # nnU-Net's own progress plots change fonts for the whole process
def sample_figure(patches: Sequence[SamplePatch], classes: Mapping[str, int]) -> Figure:
    """Draw one row per patch: the CT, the CT with outlines (reference solid, prediction dashed), U over the CT.

    Parameters
    ----------
    patches : sequence of SamplePatch
        At least one.
    classes : mapping of str to int
        Names and label values of the foreground classes, in the order of the curves' colors.
    """
    figure = Figure(figsize=(11, 3.5 * len(patches) + 0.5), layout="constrained")
    rows = figure.subplots(len(patches), 3, squeeze=False)
    largest = max(float(patch.uncertainty.max()) for patch in patches) or 1.0
    for axes, patch in zip(rows, patches, strict=True):
        for each in axes:
            _show_ct(each, patch)
        axes[0].set_title(f"{patch.case}, slice {patch.slice_number}", fontsize="medium")
        for k, value in enumerate(classes.values()):
            _outline(axes[1], patch.reference == value, CLASS_COLORS(k % 10), "solid")
            _outline(axes[1], patch.prediction == value, CLASS_COLORS(k % 10), "dashed")
        axes[1].set_title("reference solid, prediction dashed", fontsize="medium")
        heat = axes[2].imshow(
            np.ma.masked_less(patch.uncertainty, 0.02 * largest),
            cmap="inferno",
            vmin=0,
            vmax=largest,
            alpha=0.8,
            aspect=patch.spacing[0] / patch.spacing[1],
        )
        axes[2].set_title(f"U, mean {patch.uncertainty.mean():.4f}", fontsize="medium")
        figure.colorbar(heat, ax=axes[2], shrink=0.8)
    shown = [
        Line2D([], [], color=CLASS_COLORS(k % 10), label=name)
        for k, (name, value) in enumerate(classes.items())
        if any((patch.reference == value).any() or (patch.prediction == value).any() for patch in patches)
    ]
    figure.legend(handles=shown, loc="outside lower center", ncols=max(1, len(shown)))
    return figure


def _show_ct(axes: Axes, patch: SamplePatch) -> None:
    low, high = _WINDOW if patch.is_hu else (float(patch.ct.min()), float(patch.ct.max()))
    axes.imshow(patch.ct, cmap="gray", vmin=low, vmax=high, aspect=patch.spacing[0] / patch.spacing[1])
    axes.set_axis_off()


def _outline(axes: Axes, mask: NDArray[np.bool_], color: tuple[float, ...], style: str) -> None:
    if mask.any():
        # Padded, so that the outline closes where the mask reaches the patch's border.
        padded = np.pad(mask.astype(float), 1)
        rows, columns = (np.arange(-1, n + 1) for n in mask.shape)
        axes.contour(columns, rows, padded, levels=[0.5], colors=[color], linestyles=[style], linewidths=1.3)
