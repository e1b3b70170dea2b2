"""Dropout when a network is used, repeatable: which feature maps are left out depends on seed and sample alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import nn

from .random_stream import random_stream


def dropout_layers(networks: Iterable[nn.Module]) -> list[nn.Dropout | nn.Dropout2d | nn.Dropout3d]:
    """Return every dropout layer that leaves anything out, in the order of the networks' modules."""
    layers = (layer for network in networks for layer in network.modules())
    return [layer for layer in layers if isinstance(layer, nn.Dropout | nn.Dropout2d | nn.Dropout3d) and 0 < layer.p < 1]


@contextmanager
def channels_dropped(networks: Iterable[nn.Module], seed: int, index: int) -> Iterator[None]:
    """Let every dropout layer leave out the feature maps of sample `index`, for as long as the context lasts.

    One draw is kept for everything that passes through the networks: it stands for one network, drawn from the approximate
    posterior over its weights, that segments the whole CT. Masks drawn anew for each batch of slices or window would make the
    sample depend on the memory at hand, and its volume the mean of many draws. Layers that left out single values in training
    leave out whole maps here, for the same reason.

    Parameters
    ----------
    networks : iterable of torch.nn.Module
        In evaluation mode.
    seed, index : int
        Both at least 0; index counts samples.
    """
    hooks = [
        layer.register_forward_hook(_leave_out(layer.p, seed, index, position))
        for position, layer in enumerate(dropout_layers(networks))
    ]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _leave_out(rate: float, seed: int, index: int, position: int) -> Callable[..., torch.Tensor]:
    def leave_out(layer: nn.Module, inputs: tuple[torch.Tensor], features: torch.Tensor) -> torch.Tensor:
        kept = random_stream(seed, index, position).random(features.shape[1]) >= rate
        factors = torch.from_numpy(kept / (1 - rate)).to(features)
        return features * factors.view(1, -1, *[1] * (features.ndim - 2))

    return leave_out
