"""What a finished run says on the terminal: volumes, warnings, and where the files are."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from .options import ProgressMode

if TYPE_CHECKING:
    from ..segmentation import Segmentation


def show_summary(
    segmentation: Segmentation, folder: Path, mode: ProgressMode, truth_ml: Mapping[str, float] | None = None
) -> None:
    """Print the volumes and where the report is; one JSON line instead with ``--progress json``.

    Parameters
    ----------
    truth_ml : mapping of class name to mL, optional
        Reference volumes (including ``total``), shown beside the measured ones.
    """
    if mode is ProgressMode.JSON:
        print(json.dumps(_summary_line(segmentation, folder, truth_ml)), flush=True)
        return
    from rich.console import Console

    console = Console(soft_wrap=True, highlight=False)
    console.print(_volumes_table(segmentation, truth_ml))
    console.print(f"Method: {segmentation.provenance['method_in_words']}", markup=False)
    for warning in segmentation.warnings:
        console.print(f"note: {warning}", markup=False)
    console.print(f"Report: {folder / 'report.html'}", markup=False)
    console.print("Research use only, not for diagnosis.", style="dim")


def _summary_line(segmentation: Segmentation, folder: Path, truth_ml: Mapping[str, float] | None) -> dict[str, object]:
    volumes = {}
    for volume in segmentation.volumes:
        entry: dict[str, object] = {name: getattr(volume, name) for name in ("volume_ml", "low_ml", "high_ml", "lesions")}
        entry["interval"] = volume.interval.value
        if truth_ml is not None:
            entry["truth_ml"] = truth_ml.get(volume.name, 0.0)
        volumes[volume.name] = entry
    return {"event": "result", "output": str(folder), "volumes": volumes, "warnings": list(segmentation.warnings)}


def _volumes_table(segmentation: Segmentation, truth_ml: Mapping[str, float] | None) -> object:
    from rich.table import Table

    table = Table(title="Hemorrhage volumes")
    table.add_column("class")
    if truth_ml is not None:
        table.add_column("simulated mL", justify="right")
    calibration = segmentation.provenance.get("calibration")
    interval = "5 % to 95 % of samples" if calibration is None else f"calibrated {100 * calibration['level']:g} % interval"
    for name in ("volume mL", interval, "lesions", "samples with it"):
        table.add_column(name, justify="right")
    for volume in segmentation.volumes:
        is_total = volume.name == "total"
        if is_total:
            table.add_section()
        cells = [volume.name]
        if truth_ml is not None:
            cells.append(f"{truth_ml.get(volume.name, 0.0):.1f}")
        cells += [
            f"{volume.volume_ml:.1f}",
            volume.interval_text(),
            str(volume.lesions),
            f"{100 * volume.probability_present:.0f} %",
        ]
        table.add_row(*cells, style="bold" if is_total else None)
    return table
