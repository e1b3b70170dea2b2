"""Weights of a narrow network for a wider one that computes the same, until it is trained on."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn


def widened(weights: Mapping[str, Tensor], network: nn.Module) -> dict[str, Tensor]:
    """Put the weights of a network with fewer channels into the shapes of `network`, whose function becomes the narrow one's.

    Earlier channels take nothing from the new ones. These start as `network` has them, which is at random: they differ, and
    learn, from the first step. Where the widths agree, the weights come back as they are. [1] widens by copying channels;
    with instance normalization behind each convolution random ones need no rescaling.

    Parameters
    ----------
    weights : mapping of str to Tensor
        State dict of a U-Net of the same stages with as many or fewer channels in each.
    network : Module
        Not changed.

    Raises
    ------
    ValueError
        A tensor is not in `network`, or smaller there in some direction.

    References
    ----------
    .. [1] Chen, Goodfellow, Shlens: Net2Net, ICLR 2016
    """
    wide = network.state_dict()
    transposed = {
        f"{name}.weight" for name, m in network.named_modules() if isinstance(m, nn.ConvTranspose2d | nn.ConvTranspose3d)
    }
    # A decoder's convolution reads what was upsampled and, behind it, what was skipped.
    joined = {name for name in wide if name.startswith("decoder.stages.") and ".convs.0." in name}
    return {
        name: _grown(name, old, wide.get(name), outputs=1 if name in transposed else 0, sources=2 if name in joined else 1)
        for name, old in weights.items()
    }


def _grown(name: str, old: Tensor, wide: Tensor | None, *, outputs: int, sources: int) -> Tensor:
    """Put `old` into the shape of `wide`; `outputs` is the axis of output channels, inputs join `sources` tensors."""
    if wide is None or wide.ndim != old.ndim or any(o > w for o, w in zip(old.shape, wide.shape, strict=True)):
        raise ValueError(f"{name} {tuple(old.shape)} does not fit into the network")
    if wide.shape == old.shape:
        return old
    new = wide.detach().clone()
    earlier = new.narrow(outputs, 0, old.shape[outputs])  # a view: what is written into it is written into `new`
    if old.ndim == 1:
        earlier.copy_(old)
        return new
    inputs = 1 - outputs
    earlier.zero_()
    for narrow, broad in zip(old.chunk(sources, inputs), earlier.chunk(sources, inputs), strict=True):
        broad.narrow(inputs, 0, narrow.shape[inputs]).copy_(narrow)
    return new
