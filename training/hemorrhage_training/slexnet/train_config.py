"""Configuration of SLEX-Net's training and of its comparators': one file for all, one key chooses."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from hemorrhage.slexnet import SlexNetSettings

from ..slices.settings import OptimizationSettings, SliceTrainConfig


class SlexMethod(StrEnum):
    """What is trained: SLEX-Net, or its backbone for another way to uncertainty (the paper's Table II)."""

    SLEXNET = "slexnet"
    DROPOUT = "dropout"
    MCBN = "mcbn"
    ENSEMBLE = "ensemble"


class NetworkSettings(SlexNetSettings):
    """The network: fields of `hemorrhage.slexnet.SlexNetSettings`; the comparators take those of the backbone.

    The classes are the data set's, and cannot be given.
    """

    classes: list[str] = Field(default_factory=lambda: ["background", "hemorrhage"], exclude=True)

    @model_validator(mode="after")
    def _classes_are_the_data_sets(self) -> Self:
        if "classes" in self.model_fields_set:
            raise ValueError("the classes are those of the data set: leave classes out")
        return self


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SlexTrainingSettings(OptimizationSettings):
    """Optimizer and length; `epochs` is the length of the second stage, and of a comparator's training.

    Attributes
    ----------
    first_epochs : int
        Length of SLEX-Net's first stage, in which backbone and expansion module are trained alone.
    """

    first_epochs: Annotated[int, Field(ge=1)] = 100


class ExpansionSettings(_Section):
    """From what SLEX-Net's first stage begins, and the losses of its second (Eq. 10 and 18).

    Attributes
    ----------
    backbone : Path or None
        Model that ``mcbn`` or ``dropout`` left, with the same network: most of the training is the backbone's, and costs a fourth
        without the expansion module. None = from nothing, as in the paper.
    gamma, kappa : float
        Weights of the aggregated prediction's loss, and of the expansions'.
    supervise_neighbors : bool
        Let the neighbors' own predictions be supervised too: the paper's SLEX-Net++.
    """

    backbone: Path | None = None
    gamma: Annotated[float, Field(ge=0)] = 1.0
    kappa: Annotated[float, Field(ge=0)] = 1.0
    supervise_neighbors: bool = False


class DropoutSettings(_Section):
    """The method ``dropout``.

    Attributes
    ----------
    rate : float
        Share of the feature maps that are left out.
    """

    rate: Annotated[float, Field(gt=0, lt=1)] = 0.2


class McbnSettings(_Section):
    """The method ``mcbn``.

    Attributes
    ----------
    batches : int
        Training batches whose statistics are stored with the model: each sample takes those of one, so that there are at most as
        many samples.
    """

    batches: Annotated[int, Field(ge=2)] = 50


class EnsembleSettings(_Section):
    """The method ``ensemble``.

    Attributes
    ----------
    members : int
        Networks, each from its own seed.
    """

    members: Annotated[int, Field(ge=2)] = 3


class SlexTrainConfig(SliceTrainConfig):
    """What `SliceTrainConfig` says, and a section for each method; those of the methods not chosen are not used.

    Attributes
    ----------
    method : SlexMethod
    network : NetworkSettings
    training : SlexTrainingSettings
    slexnet : ExpansionSettings
    dropout : DropoutSettings
    mcbn : McbnSettings
    ensemble : EnsembleSettings
    """

    method: SlexMethod
    network: NetworkSettings = NetworkSettings()
    training: SlexTrainingSettings = SlexTrainingSettings()
    slexnet: ExpansionSettings = ExpansionSettings()
    dropout: DropoutSettings = DropoutSettings()
    mcbn: McbnSettings = McbnSettings()
    ensemble: EnsembleSettings = EnsembleSettings()

    def relative_to(self, base: Path) -> Self:
        """Return the configuration with relative paths counted from `base`."""
        config = super().relative_to(base)
        if config.slexnet.backbone is None:
            return config
        backbone = Path(os.path.normpath(base / config.slexnet.backbone))
        return config.model_copy(update={"slexnet": config.slexnet.model_copy(update={"backbone": backbone})})

    def lasting(self) -> dict[str, Any]:
        """Return the settings that a run must keep to, without the sections of the methods not chosen.

        Of the backbone there is only its name: a card tells nothing of the machine's folders, and models may be moved.
        """
        others = {each.value for each in SlexMethod} - {self.method.value}
        kept = {key: value for key, value in super().lasting().items() if key not in others}
        if self.method is SlexMethod.SLEXNET and self.slexnet.backbone is not None:
            kept["slexnet"]["backbone"] = self.slexnet.backbone.name
        return kept
