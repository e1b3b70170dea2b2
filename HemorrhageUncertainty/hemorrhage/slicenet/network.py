"""The network itself: SLEX-Net's backbone, with dropout if the settings ask for it."""

from __future__ import annotations

from ..slices.unet import UNet
from .settings import SliceNetSettings


def build_slice_net(settings: SliceNetSettings) -> UNet:
    """Return the network that maps normalized slices (B, 1, S, S) to logits (B, C, S, S), not yet trained."""
    return UNet(1, len(settings.classes), settings.channels, settings.dropout)
