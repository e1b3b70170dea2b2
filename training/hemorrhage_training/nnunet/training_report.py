"""A report of a training that opens offline: settings, curves, the last figures."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2
import matplotlib
from matplotlib.figure import Figure

from hemorrhage.report.data_uri import png_data_uri

from .epoch_record import EpochRecord

_FOREGROUND_COLORS = matplotlib.colormaps["tab10"]


def write_training_report(path: Path, epochs: Sequence[EpochRecord], classes: Sequence[str], settings: Mapping[str, Any]) -> Path:
    """Write the report.

    Parameters
    ----------
    path : Path
        HTML file to write.
    epochs : sequence of EpochRecord
        In order; may be empty.
    classes : sequence of str
        Foreground classes, in the order of the pseudo-Dice.
    settings : mapping
        What to show as the run's settings.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=jinja2.StrictUndefined
    )
    html = environment.get_template("training_report.html.j2").render(
        settings=settings,
        classes=classes,
        last=epochs[-1] if epochs else None,
        best=max((e.mean_dice for e in epochs if e.mean_dice == e.mean_dice), default=None),
        hours=sum(e.seconds for e in epochs) / 3600,
        curves=png_data_uri(_png(training_curves(epochs, classes))) if epochs else None,
    )
    partial = path.with_suffix(".partial")
    partial.write_text(html, encoding="utf-8")
    partial.replace(path)
    return path


def training_curves(epochs: Sequence[EpochRecord], classes: Sequence[str]) -> Figure:
    """Draw losses, pseudo-Dice per class, and U with the mean voxel weight, over epochs."""
    number = [e.epoch + 1 for e in epochs]
    weighted = any(e.lam for e in epochs)
    figure = Figure(figsize=(5 * (3 if weighted else 2), 3.6), layout="constrained")
    axes = figure.subplots(1, 3 if weighted else 2)
    style = {"marker": "o", "markersize": 3} if len(epochs) < 30 else {}
    axes[0].plot(number, [e.train_loss for e in epochs], label="training (weighted)" if weighted else "training", **style)
    axes[0].plot(number, [e.validation_loss for e in epochs], label="validation", **style)
    axes[0].set(title="Loss", xlabel="epoch")
    axes[0].legend()
    for k, name in enumerate(classes):
        axes[1].plot(number, [e.pseudo_dice[k] for e in epochs], color=_FOREGROUND_COLORS(k % 10), label=name, **style)
    axes[1].set(title="Pseudo-Dice on validation patches", xlabel="epoch", ylim=(0, 1))
    axes[1].legend(fontsize="small")
    if weighted:
        axes[2].plot(number, [e.mean_uncertainty for e in epochs], color="tab:purple", label="mean U", **style)
        axes[2].set(title="Uncertainty of the training patches", xlabel="epoch", ylabel="mean U")
        beside = axes[2].twinx()
        beside.plot(number, [e.mean_weight for e in epochs], color="tab:gray", linestyle="--", label="mean weight", **style)
        beside.set(ylabel="mean voxel weight")
        lines = [*axes[2].get_lines(), *beside.get_lines()]
        axes[2].legend(lines, [str(line.get_label()) for line in lines], fontsize="small")
    return figure


def _png(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110)
    return buffer.getvalue()
