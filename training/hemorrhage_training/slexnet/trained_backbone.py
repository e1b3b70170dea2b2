"""SLEX-Net's first stage from a backbone that is trained already: the expansion module begins as that backbone too."""

from __future__ import annotations

from pathlib import Path

import torch

from hemorrhage.errors import ArgumentError
from hemorrhage.models.model import open_contents
from hemorrhage.slexnet import SlexNetSettings
from hemorrhage.slexnet.network import SlexNet
from hemorrhage.slicenet import SliceNetSettings
from hemorrhage.slices import SliceSettings

from ..slices.checkpoints import Weights

#: The first convolution, and the expansion module's input that is the slice itself (between its neighbor and the probabilities).
_FIRST, _OWN = "down.0.0.weight", 1


def weights_from_backbone(folder: Path, settings: SlexNetSettings) -> Weights:
    """Return weights of a SLEX-Net whose two modules predict, from the slice alone, what a trained backbone predicts.

    In the expansion module the neighbor and its prediction have no weight yet: what they tell is what is left to learn.

    Parameters
    ----------
    folder : Path
        Model that one of the methods ``mcbn`` and ``dropout`` left; of an ensemble, the first member.
    settings : SlexNetSettings
        Of the SLEX-Net.

    Raises
    ------
    ModelError
        `folder` is no model, or a damaged one.
    ArgumentError
        It is another network than the SLEX-Net's backbone, or sees slices that were prepared otherwise.
    """
    contents = open_contents(folder)
    if not isinstance(contents.plans, SliceNetSettings):
        raise ArgumentError(f"{folder} is no backbone: name a model that the method mcbn or dropout left")
    for name in SliceSettings.model_fields:
        theirs, ours = getattr(contents.plans, name), getattr(settings, name)
        if theirs != ours:
            raise ArgumentError(f"the backbone in {folder} has {name} {theirs}, but the SLEX-Net {ours}: give both the same")
    backbone = dict(contents.read_weights()[0])
    network = SlexNet(settings)
    expansion = dict(backbone)
    expansion[_FIRST] = torch.zeros_like(network.expansion.state_dict()[_FIRST])
    expansion[_FIRST][:, _OWN] = backbone[_FIRST][:, 0]
    network.backbone.load_state_dict(backbone)
    network.expansion.load_state_dict(expansion)
    return network.state_dict()
