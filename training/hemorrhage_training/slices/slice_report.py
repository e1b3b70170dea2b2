"""What the report of a 2D method's training shows: losses and Dice of each of its runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from ..training_report import CLASS_COLORS, ReportPart, curve_style, write_report
from .epoch_record import SliceEpoch
from .run import FinishedRun


def write_slice_report(
    path: Path, title: str, classes: Sequence[str], runs: Sequence[FinishedRun], settings: Mapping[str, Any]
) -> Path:
    """Write the report.

    Parameters
    ----------
    path : Path
        HTML file to write.
    title : str
        What was trained.
    classes : sequence of str
        Foreground classes.
    runs : sequence of FinishedRun
    settings : mapping
        What to show as settings.
    """
    notice = "Dice is measured on the validation cases, in the network's own pixels, and the best epoch was chosen by it."
    return write_report(path, f"Training: {title}", notice, [_part(run, classes) for run in runs], settings)


def slice_curves(epochs: Sequence[SliceEpoch], classes: Sequence[str]) -> Figure:
    """Draw loss with NLL, and Dice per class, over epochs."""
    number, style = [e.epoch + 1 for e in epochs], curve_style(len(epochs))
    figure = Figure(figsize=(10, 3.6), layout="constrained")
    loss, dice = figure.subplots(1, 2)
    loss.plot(number, [e.train_loss for e in epochs], label="training", **style)
    loss.plot(number, [e.nll for e in epochs], label="validation, NLL per pixel", **style)
    loss.set(title="Loss", xlabel="epoch", yscale="log")
    loss.legend()
    for k, name in enumerate(classes):
        dice.plot(number, [e.dice[k] for e in epochs], color=CLASS_COLORS(k % 10), label=name, **style)
    dice.plot(number, [e.mean_dice for e in epochs], color="black", label="mean", **style)
    dice.set(title="Dice on validation cases", xlabel="epoch", ylim=(0, 1))
    dice.legend(fontsize="small")
    return figure


def _part(run: FinishedRun, classes: Sequence[str]) -> ReportPart:
    best, hours = run.epochs[run.best.epoch], sum(e.seconds for e in run.epochs) / 3600
    told = "" if run.best.dice is None else f", best mean Dice {run.best.dice:.3f} in epoch {run.best.epoch + 1}"
    return ReportPart(
        f"{run.best.epochs} of at most {best.epochs} epochs, {hours:.2f} hours{told}.",
        slice_curves(run.epochs, classes),
        dict(zip(classes, best.dice, strict=True)),
        "Dice of the best epoch",
        run.title,
    )
