"""The U-Net for slices: SLEX-Net's backbone and, with more input channels, its slice expansion module."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn


class UNet(nn.Module):
    """Maps (B, `inputs`, H, W) to logits (B, `classes`, H, W).

    Two 3 x 3 convolutions per level with batch normalization and ReLU, 2 x 2 max pooling, bilinear enlargement, skips. With the
    paper's channels, 1 input and 2 classes it has the paper's 13.39 million parameters.

    Parameters
    ----------
    inputs, classes : int
    channels : sequence of int
        Feature maps by level, the finest first. H and W must be divisible by 2 ** (levels - 1).
    dropout : float
        Share of the feature maps that training leaves out after each pair of convolutions, in [0, 1). Whole maps: neighboring
        pixels of one map say nearly the same, so leaving out single pixels would take little away.
    """

    def __init__(self, inputs: int, classes: int, channels: Sequence[int], dropout: float = 0.0) -> None:
        super().__init__()
        levels = len(channels)
        self.down = nn.ModuleList(
            _two_convolutions(inputs if level == 0 else channels[level - 1], channels[level], dropout) for level in range(levels)
        )
        deeper = channels[-1]
        up = []
        for level in reversed(range(levels - 1)):
            up.append(_two_convolutions(deeper + channels[level], deeper := channels[max(level - 1, 0)], dropout))
        self.up = nn.ModuleList(up)
        self.head = nn.Conv2d(deeper, classes, 1)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return logits."""
        features, skips = images, []
        for level, layer in enumerate(self.down):
            features = layer(nn.functional.max_pool2d(features, 2) if level else features)
            skips.append(features)
        skips.pop()
        for layer in self.up:
            larger = nn.functional.interpolate(features, scale_factor=2, mode="bilinear", align_corners=True)
            features = layer(torch.cat([skips.pop(), larger], 1))
        logits: torch.Tensor = self.head(features)
        return logits


def _two_convolutions(inputs: int, outputs: int, dropout: float) -> nn.Sequential:
    layers: list[nn.Module] = []
    for each in (inputs, outputs):
        layers += [nn.Conv2d(each, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)]
    if dropout > 0:
        layers.append(nn.Dropout2d(dropout))
    return nn.Sequential(*layers)
