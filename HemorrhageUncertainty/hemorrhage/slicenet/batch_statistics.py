"""Statistics of training batches, for Monte-Carlo batch normalization (Teye, Azizpour and Smith, ICML 2018).

In training, batch normalization makes a slice's prediction depend on the other slices of its batch. The method takes that as
randomness of the network: each of its passes normalizes every layer by mean and variance of another random batch of the training
data, as they are when that batch passes through the trained network. Since they do not depend on the CT that is segmented, they
are recorded once, after the training, and travel with the model.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import nn


def record_batch_statistics(network: nn.Module, batches: Iterable[torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return mean and variance of every batch normalization layer's input for each training batch.

    Parameters
    ----------
    network : torch.nn.Module
        Trained; it stays as it is.
    batches : iterable of (N, 1, S, S) tensor
        Normalized slices (`hemorrhage.slices.preprocessing.normalized_slices`) of the training data, in batches of the size used
        in training. As many as samples should be possible: a few dozen.

    Returns
    -------
    mapping of str to tensor
        ``<layer>.mean`` and ``<layer>.variance``, each (batches, features) float32; the variance is over all N S S values.

    Raises
    ------
    ValueError
        There is no batch, or the network has no batch normalization.
    """
    observed = copy.deepcopy(network).eval()
    layers = _normalizations(observed)
    if not layers:
        raise ValueError("the network has no batch normalization whose statistics could be recorded")
    found: dict[str, list[torch.Tensor]] = {f"{name}.{what}": [] for name in layers for what in ("mean", "variance")}
    for name, layer in layers.items():
        layer.train()

        def remember(layer: nn.Module, inputs: tuple[torch.Tensor], name: str = name) -> None:
            variance, mean = torch.var_mean(inputs[0].float(), dim=(0, 2, 3), correction=0)
            found[f"{name}.mean"].append(mean.cpu())
            found[f"{name}.variance"].append(variance.cpu())

        layer.register_forward_pre_hook(remember)
    device = next(observed.parameters()).device
    with torch.no_grad():
        for batch in batches:
            observed(batch.to(device))
    if not all(found.values()):
        raise ValueError("at least one training batch is needed to record its statistics")
    return {key: torch.stack(values) for key, values in found.items()}


def number_of_batches(statistics: Mapping[str, torch.Tensor]) -> int:
    """Return how many batches were recorded."""
    return min(len(values) for values in statistics.values())


@contextmanager
def normalized_by(network: nn.Module, statistics: Mapping[str, torch.Tensor], batch: int) -> Iterator[None]:
    """Let batch normalization use the statistics of one recorded batch for as long as the context lasts.

    Parameters
    ----------
    network : torch.nn.Module
        In evaluation mode.
    statistics : mapping of str to tensor
        From `record_batch_statistics`.
    batch : int
        Which batch, from 0.
    """
    layers = _normalizations(network)
    own = {name: (layer.running_mean, layer.running_var) for name, layer in layers.items()}
    try:
        for name, layer in layers.items():
            mean, variance = own[name]
            assert mean is not None
            assert variance is not None
            layer.running_mean = statistics[f"{name}.mean"][batch].to(mean)
            layer.running_var = statistics[f"{name}.variance"][batch].to(variance)
        yield
    finally:
        for name, layer in layers.items():
            layer.running_mean, layer.running_var = own[name]


def _normalizations(network: nn.Module) -> dict[str, nn.BatchNorm2d]:
    return {name: layer for name, layer in network.named_modules() if isinstance(layer, nn.BatchNorm2d)}
