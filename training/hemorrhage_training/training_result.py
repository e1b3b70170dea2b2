"""Where a training left its files."""

from __future__ import annotations

from dataclasses import dataclass, field
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
    next_step : str
        A command that may follow; empty if there is none to name.
    first_process : bool
        Whether this process speaks for those that trained together; the others' results say the same.
    """

    model: Path
    report: Path
    next_step: str = field(default="", kw_only=True)
    first_process: bool = field(default=True, kw_only=True)
