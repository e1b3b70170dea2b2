"""A small SLEX-Net with random weights whose predictions depend on what it sees."""

from __future__ import annotations

import torch

from hemorrhage.slexnet import SlexNetSettings
from hemorrhage.slexnet.network import SlexNet


def random_slexnet(settings: SlexNetSettings, seed: int = 0) -> SlexNet:
    """Return a network in evaluation mode.

    Torch's own initialization lets signals fade with depth, so that only the last bias would be seen; here they keep their size.
    """
    generator = torch.Generator().manual_seed(seed)
    network = SlexNet(settings).eval()
    with torch.no_grad():
        for layer in network.modules():
            if isinstance(layer, torch.nn.Conv2d):
                incoming = layer.weight[0].numel()
                layer.weight.normal_(0, (2 / incoming) ** 0.5, generator=generator)
                if layer.bias is not None:
                    layer.bias.zero_()
    return network
