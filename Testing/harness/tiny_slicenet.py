"""A small U-Net for slices with random weights whose predictions depend on what it sees."""

from __future__ import annotations

import torch

from harness.tiny_slexnet import random_slexnet
from hemorrhage.slexnet import SlexNetSettings
from hemorrhage.slicenet import SliceNetSettings
from hemorrhage.slicenet.network import build_slice_net
from hemorrhage.slices.unet import UNet


def random_slice_net(settings: SliceNetSettings, seed: int = 0) -> UNet:
    """Return a network in evaluation mode: the backbone of a random SLEX-Net of the same size."""
    network = build_slice_net(settings).eval()
    backbone = random_slexnet(SlexNetSettings(**settings.model_dump(exclude={"dropout"})), seed).backbone
    network.load_state_dict(backbone.state_dict())
    return network


def random_batches(settings: SliceNetSettings, batches: int, seed: int = 0) -> list[torch.Tensor]:
    """Return what stands for batches of training slices: noise, each batch with a mean and spread of its own."""
    generator = torch.Generator().manual_seed(seed)
    size = (2, 1, settings.image_size, settings.image_size)
    return [torch.randn(size, generator=generator) * (0.5 + 0.2 * k) + 0.1 * k for k in range(batches)]
