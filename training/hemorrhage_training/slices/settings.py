"""What can be set for the training of every 2D method."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from hemorrhage.models.model_card import NAME_PATTERN
from hemorrhage.slices import SliceSettings

from ..train_config import TrainConfig
from .augmentation import AugmentationSettings

_Text = Annotated[str, Field(min_length=1, pattern=r"\S")]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SamplingSettings(_Section):
    """Which slices are trained with.

    Attributes
    ----------
    batch : int
        Slices per step and process. SLEX-Net's paper: 2.
    hemorrhage_share : float or None
        Probability that a drawn slice is one that shows hemorrhage, its class drawn uniformly; None = every slice once per
        epoch, as in the paper.
    slices_per_epoch : int or None
        Draws per epoch; None = as many as there are slices. Without a `hemorrhage_share` it is not used.
    augmentation : AugmentationSettings
    """

    batch: Annotated[int, Field(ge=1)] = 2
    hemorrhage_share: Annotated[float, Field(ge=0, le=1)] | None = 0.5
    slices_per_epoch: Annotated[int, Field(ge=1)] | None = None
    augmentation: AugmentationSettings = AugmentationSettings()


class LossSettings(_Section):
    """Weights of the cross-entropy (SLEX-Net, Eq. 9).

    Attributes
    ----------
    lesion, other : float
        Of pixels with hemorrhage of any class, and of all others.
    """

    lesion: Annotated[float, Field(gt=0)] = 1.0
    other: Annotated[float, Field(gt=0)] = 0.1


class OptimizationSettings(_Section):
    """Optimizer and length; the defaults are SLEX-Net's paper's.

    Attributes
    ----------
    epochs : int
        At most.
    rate : float
        Learning rate of Adam.
    decay, decay_every : float, int
        The rate is multiplied by `decay` after every so many epochs.
    patience : int or None
        Stop after so many epochs without a better Dice on the validation cases; None = never early.
    seed : int
        Of initial weights, drawn slices, augmentation and dropout.
    deterministic : bool
        Choose repeatable algorithms on a GPU, where there are any: slower. On a CPU a run repeats itself anyway.
    """

    epochs: Annotated[int, Field(ge=1)] = 100
    rate: Annotated[float, Field(gt=0)] = 1e-4
    decay: Annotated[float, Field(gt=0, le=1)] = 0.1
    decay_every: Annotated[int, Field(ge=1)] = 20
    patience: Annotated[int, Field(ge=1)] | None = 20
    seed: Annotated[int, Field(ge=0)] = 0
    deterministic: bool = False


class MachineSettings(_Section):
    """On what the training runs; the first five are Lightning's.

    Attributes
    ----------
    accelerator : str
        ``auto``, ``cpu``, ``gpu``.
    devices : int or ``auto``
        Per machine; several share each epoch.
    num_nodes : int
    strategy : str
        ``auto``, ``ddp``.
    precision : str
        ``32-true``, ``16-mixed``, ``bf16-mixed``.
    workers : int
        Processes that load slices, per device; 0 = the training process itself.
    processes : int
        Processes that prepare the data set.
    """

    accelerator: Literal["auto", "cpu", "gpu", "cuda", "mps"] = "auto"
    devices: Annotated[int, Field(ge=1)] | Literal["auto"] = 1
    num_nodes: Annotated[int, Field(ge=1)] = 1
    strategy: str = "auto"
    precision: Literal["32-true", "16-mixed", "bf16-mixed"] = "32-true"
    workers: Annotated[int, Field(ge=0)] = 2
    processes: Annotated[int, Field(ge=1)] = 2


class CardSettings(_Section):
    """What the model's card must say, so that people know what they may do with it.

    Attributes
    ----------
    license, data, intended_use : str
        Licence of the model, what it was trained on, what it is for.
    title : str or None
    """

    license: _Text
    data: _Text
    intended_use: _Text = "Research use only, not for diagnosis."
    title: _Text | None = None


class SliceTrainConfig(TrainConfig):
    """What `TrainConfig` says, and what the training of every 2D method needs.

    Attributes
    ----------
    name : str
        Of the run, and of the model.
    card : CardSettings
    sampling : SamplingSettings
    loss : LossSettings
    training : OptimizationSettings
    machine : MachineSettings
    """

    name: Annotated[str, Field(pattern=NAME_PATTERN)]
    card: CardSettings
    sampling: SamplingSettings = SamplingSettings()
    loss: LossSettings = LossSettings()
    training: OptimizationSettings = OptimizationSettings()
    machine: MachineSettings = MachineSettings()

    def lasting(self) -> dict[str, Any]:
        """Return the settings that a run must keep to when it goes on; where it runs, and where files lie, may change."""
        return self.model_dump(mode="json", exclude={"data": True, "work": True, "machine": True, "card": True})


def network_fields(settings: SliceSettings, classes: tuple[str, ...]) -> dict[str, Any]:
    """Return the fields that all networks of slices share, with a data set's classes."""
    return {**settings.model_dump(include=set(SliceSettings.model_fields)), "classes": list(classes)}
