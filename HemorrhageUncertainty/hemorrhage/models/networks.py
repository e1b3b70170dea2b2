"""From the contents of a model folder to a network on a device."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..precision import Precision
from ..progress import StopCallback
from ..slexnet import SlexNetSettings
from ..slicenet import SliceNetSettings
from .contents import ModelContents
from .slicenet_folder import read_batch_statistics

if TYPE_CHECKING:
    import torch

    from ..sampling.network import RunnableNetwork


def build_network(
    contents: ModelContents,
    *,
    device: str | torch.device,
    precision: Precision | None,
    report: Callable[[str], None] | None,
    should_stop: StopCallback | None,
) -> RunnableNetwork:
    """Read the weights and return the network; see `Model.network`."""
    plans, card = contents.plans, contents.card
    if isinstance(plans, SlexNetSettings):
        from ..slexnet.slice_expansion_network import SliceExpansionNetwork

        (weights,) = contents.read_weights()
        return SliceExpansionNetwork(plans, weights, device=device, precision=precision, report=report, should_stop=should_stop)
    if isinstance(plans, SliceNetSettings):
        from ..slicenet.slice_network import SliceNetwork

        return SliceNetwork(
            plans,
            contents.read_weights(),
            read_batch_statistics(contents),
            device=device,
            precision=precision,
            report=report,
            should_stop=should_stop,
        )
    from ..nnunet import NNUNetNetwork, Windows

    return NNUNetNetwork(
        plans,
        contents.read_weights(),
        mirror_axes=card.mirror_axes,
        device=device,
        precision=precision,
        windows=Windows(card.windows),
        anatomical=card.slices == "axial",
        intracranial=card.region == "intracranial",
        report=report,
        should_stop=should_stop,
    )
