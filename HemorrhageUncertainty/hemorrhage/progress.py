"""How a long computation reports where it is, and learns that it should stop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Stage(StrEnum):
    """What a run is doing; the value is shown to the user."""

    SIMULATING = "simulating"
    READING = "reading"
    LOADING_MODEL = "loading model"
    PREPROCESSING = "preprocessing"
    SAMPLING = "sampling"
    SUMMARIZING = "summarizing"
    WRITING = "writing"
    REPORTING = "reporting"
    IMPORTING = "importing"
    CHECKING = "checking"
    EVALUATING = "evaluating"
    TRAINING = "training"
    CALIBRATING = "calibrating"


@dataclass(frozen=True)
class Progress:
    """One report.

    Attributes
    ----------
    stage : Stage
        What is being done.
    done, total : int
        Finished and all steps of this stage (samples, while sampling).
    message : str
        A sentence for the user, e.g. that the GPU ran out of memory and smaller windows are used; usually empty.
    """

    stage: Stage
    done: int = 0
    total: int = 0
    message: str = ""


ProgressCallback = Callable[[Progress], None]
StopCallback = Callable[[], bool]
