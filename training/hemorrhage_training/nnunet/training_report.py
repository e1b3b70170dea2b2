"""What an nnU-Net training's report shows: losses, pseudo-Dice, uncertainty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib.style
from matplotlib.figure import Figure

from ..training_report import CLASS_COLORS, ReportPart, curve_style, write_report
from .epoch_record import EpochRecord


def write_training_report(
    path: Path, epochs: Sequence[EpochRecord], classes: Sequence[str], settings: Mapping[str, Any], samples: bytes = b""
) -> Path:
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
    samples : bytes
        Picture (PNG) of a few validation patches.
    """
    if epochs:
        last, hours = epochs[-1], sum(e.seconds for e in epochs) / 3600
        best = max((e.mean_dice for e in epochs if e.mean_dice == e.mean_dice), default=None)
        told = "" if best is None else f", best mean pseudo-Dice {best:.3f}"
        part = ReportPart(
            f"{last.epoch + 1} of {last.epochs} epochs, {hours:.2f} hours{told}.",
            training_curves(epochs, classes),
            dict(zip(classes, last.pseudo_dice, strict=True)),
            "pseudo-Dice of the last epoch",
            samples=samples,
        )
    else:
        part = ReportPart("No epoch has been finished.", None, {}, "")
    notice = "Pseudo-Dice is measured on random patches."
    return write_report(path, "Training of an uncertainty-aware nnU-Net", notice, [part], settings)


@matplotlib.style.context("default")  # nnU-Net's own progress plots change fonts for the whole process
def training_curves(epochs: Sequence[EpochRecord], classes: Sequence[str]) -> Figure:
    """Draw losses, pseudo-Dice per class, and U with the mean voxel weight, over epochs."""
    number = [e.epoch + 1 for e in epochs]
    weighted = any(e.lam for e in epochs)
    figure = Figure(figsize=(5 * (3 if weighted else 2), 3.6), layout="constrained")
    axes = figure.subplots(1, 3 if weighted else 2)
    style = curve_style(len(epochs))
    axes[0].plot(number, [e.train_loss for e in epochs], label="training (weighted)" if weighted else "training", **style)
    axes[0].plot(number, [e.validation_loss for e in epochs], label="validation", **style)
    axes[0].set(title="Loss", xlabel="epoch")
    axes[0].legend()
    for k, name in enumerate(classes):
        axes[1].plot(number, [e.pseudo_dice[k] for e in epochs], color=CLASS_COLORS(k % 10), label=name, **style)
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
