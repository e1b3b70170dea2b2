"""Configuration of the uncertainty-aware nnU-Net's training."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field

from hemorrhage.errors import ArgumentError

from ..train_config import TrainConfig
from .uncertainty_settings import UncertaintySettings


class NnunetTrainConfig(TrainConfig):
    """What `TrainConfig` says, and nnU-Net's own settings.

    Attributes
    ----------
    data : Path
        Its folder is called ``DatasetNNN_Name``, as nnU-Net wants it.
    name : str
        Letters and digits: nnU-Net makes a plans' name of it.
    planner : str
        nnU-Net's planner: ``nnUNetPlannerResEncM`` (the paper's), ``...L``, ``...XL`` or ``ExperimentPlanner``.
    plans : Path or None
        A plans file of your own, instead of planning.
    configuration : str
        ``3d_fullres`` or ``2d`` (cascades are not supported).
    device : str
        ``auto``, ``cpu``, ``cuda``.
    processes : int
        For planning and preprocessing.
    validate_afterwards : bool
        Let nnU-Net predict and score the fold's validation cases at the end.
    uncertainty : UncertaintySettings
    """

    method: Literal["uncertainty-aware-nnunet"]
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9]+$")] = "uncertainty"
    planner: Literal["nnUNetPlannerResEncM", "nnUNetPlannerResEncL", "nnUNetPlannerResEncXL", "ExperimentPlanner"] = (
        "nnUNetPlannerResEncM"
    )
    plans: Path | None = None
    configuration: Literal["3d_fullres", "2d"] = "3d_fullres"
    device: str = "auto"
    processes: Annotated[int, Field(ge=1)] = 4
    validate_afterwards: bool = True
    uncertainty: UncertaintySettings = UncertaintySettings()

    def relative_to(self, base: Path) -> Self:
        """Return the configuration with relative paths counted from `base`."""
        return super().relative_to(base).model_copy(update={"plans": self.plans and base / self.plans})

    def check_files(self) -> None:
        """Raise `ArgumentError` if a file that the configuration names is not there, or nnU-Net would not take the name."""
        super().check_files()
        if not re.match(r"Dataset\d{3}_.", self.data.name):
            raise ArgumentError(f"nnU-Net wants data sets to be called DatasetNNN_Name: rename {self.data}")
        if self.plans and not self.plans.is_file():
            raise ArgumentError(f"{self.plans} is not there: name a plans file, or leave plans out")
