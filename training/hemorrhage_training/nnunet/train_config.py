"""The YAML file of ``hemorrhage train``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hemorrhage.errors import ArgumentError

from .uncertainty_settings import UncertaintySettings


class TrainConfig(BaseModel):
    """What is trained, on what, and where it goes.

    Attributes
    ----------
    method : str
        ``uncertainty-aware-nnunet``.
    data : Path
        A data set in nnU-Net's raw format: a folder ``DatasetNNN_Name``, as ``hemorrhage data import`` writes it.
    work : Path
        Where preprocessed data and results go.
    name : str
        Name of the run; another name beside it shares the preprocessed data.
    planner : str
        nnU-Net's planner: ``nnUNetPlannerResEncM`` (the paper's), ``...L``, ``...XL`` or ``ExperimentPlanner``.
    plans : Path or None
        A plans file of your own, instead of planning.
    configuration : str
        ``3d_fullres`` or ``2d`` (cascades are not supported).
    fold : int or ``all``
    device : str
        ``auto``, ``cpu``, ``cuda``.
    processes : int
        For planning and preprocessing.
    validate_afterwards : bool
        Let nnU-Net predict and score the fold's validation cases at the end.
    uncertainty : UncertaintySettings
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    method: Literal["uncertainty-aware-nnunet"]
    data: Path
    work: Path
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9]+$")] = "uncertainty"
    planner: Literal["nnUNetPlannerResEncM", "nnUNetPlannerResEncL", "nnUNetPlannerResEncXL", "ExperimentPlanner"] = (
        "nnUNetPlannerResEncM"
    )
    plans: Path | None = None
    configuration: Literal["3d_fullres", "2d"] = "3d_fullres"
    fold: int | Literal["all"] = 0
    device: str = "auto"
    processes: Annotated[int, Field(ge=1)] = 4
    validate_afterwards: bool = True
    uncertainty: UncertaintySettings = UncertaintySettings()


def read_config(path: Path) -> TrainConfig:
    """Read a configuration; relative paths in it count from its own folder.

    Raises
    ------
    ArgumentError
        Missing, not YAML, an unknown or unsuitable entry (each named), or the data set is not there.
    """
    import yaml

    try:
        content: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ArgumentError(f"{path} cannot be read ({error.strerror}): name the YAML file of the training") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ArgumentError(f"{path} is not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(content, dict):
        raise ArgumentError(f"{path} holds no settings: it needs at least method, data and work")
    try:
        config = TrainConfig.model_validate(content)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg'].lower()}" for e in error.errors())
        raise ArgumentError(f"{path} cannot be used ({wrong})") from error
    base = path.absolute().parent
    config = config.model_copy(
        update={"data": base / config.data, "work": base / config.work, "plans": config.plans and base / config.plans}
    )
    if not (config.data / "dataset.json").is_file():
        raise ArgumentError(f"{config.data} is not a data set in nnU-Net's raw format: make one with hemorrhage data import")
    if not re.match(r"Dataset\d{3}_.", config.data.name):
        raise ArgumentError(f"nnU-Net wants data sets to be called DatasetNNN_Name: rename {config.data}")
    if config.plans and not config.plans.is_file():
        raise ArgumentError(f"{config.plans} is not there: name a plans file, or leave plans out")
    return config
