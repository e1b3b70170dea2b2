"""The YAML file of ``hemorrhage train``: what every method's configuration has, and how it is read."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from hemorrhage.errors import ArgumentError


class TrainConfig(BaseModel):
    """What is trained, on what, and where it goes; each family of methods adds its own.

    Attributes
    ----------
    method : str
    data : Path
        A data set in nnU-Net's raw format, as ``hemorrhage data import`` and ``hemorrhage simulate`` write it.
    work : Path
        Where prepared data and results go.
    name : str
        Name of the run; another name beside it shares the prepared data.
    fold : int or ``all``
        Which fold of ``splits_final.json`` validates.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    method: str
    data: Path
    work: Path
    name: str
    fold: int | Literal["all"] = 0

    def relative_to(self, base: Path) -> Self:
        """Return the configuration with relative paths counted from `base`."""
        folders = {"data": base / self.data, "work": base / self.work}
        return self.model_copy(update={name: Path(os.path.normpath(folder)) for name, folder in folders.items()})

    def check_files(self) -> None:
        """Raise `ArgumentError` if a file that the configuration names is not there."""
        if not (self.data / "dataset.json").is_file():
            raise ArgumentError(f"{self.data} is not a data set in nnU-Net's raw format: make one with hemorrhage data import")


def read_config(path: Path) -> TrainConfig:
    """Read a configuration; relative paths in it count from its own folder.

    Raises
    ------
    ArgumentError
        Missing, not YAML, an unknown or unsuitable entry (each named), or the data set is not there.
    """
    import yaml

    from .methods import family_of

    try:
        content: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ArgumentError(f"{path} cannot be read ({error.strerror}): name the YAML file of the training") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ArgumentError(f"{path} is not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(content, dict):
        raise ArgumentError(f"{path} holds no settings: it needs at least method, data and work")
    family = family_of(content.get("method"), path)
    try:
        config = family.config.model_validate(content)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg'].lower()}" for e in error.errors())
        raise ArgumentError(f"{path} cannot be used ({wrong})") from error
    config = config.relative_to(path.absolute().parent.resolve())
    config.check_files()
    return config
