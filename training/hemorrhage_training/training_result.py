"""Where a training left its files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class TrainingResult:
    """What every training leaves.

    Attributes
    ----------
    model : Path
        What ``hemorrhage segment --model`` takes.
    report : Path
        Settings and curves, HTML.
    """

    model: Path
    report: Path
