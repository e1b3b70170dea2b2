"""What opening a model folder yields, whatever its format."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..nnunet.network_plans import NetworkPlans
from ..slexnet import SlexNetSettings
from ..slicenet import SliceNetSettings
from .model_card import ModelCard

if TYPE_CHECKING:
    import torch

Weights = Mapping[str, "torch.Tensor"]


@dataclass(frozen=True, eq=False)
class ModelContents:
    """A checked model folder.

    Attributes
    ----------
    folder : Path
    card : ModelCard
        The folder's own, or one made from a stock nnU-Net folder; `files` holds the hashes found.
    plans : NetworkPlans, SlexNetSettings or SliceNetSettings
        What the network is built from.
    read_weights : callable
        Reads the state dict of every fold, or member of an ensemble.
    """

    folder: Path
    card: ModelCard
    plans: NetworkPlans | SlexNetSettings | SliceNetSettings
    read_weights: Callable[[], Sequence[Weights]]
