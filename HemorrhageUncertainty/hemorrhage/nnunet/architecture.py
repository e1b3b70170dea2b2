"""Builds the network that a plans file describes, and nothing else that a plans file might name."""

from __future__ import annotations

import pydoc
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import ModelError
from .network_plans import NetworkPlans

if TYPE_CHECKING:
    import torch

#: Plans are a user's data and name Python classes: only neural-network modules of these packages are ever looked up.
_ALLOWED_PACKAGES = ("dynamic_network_architectures.", "torch.nn.")
#: Where networks lived in older versions of the library.
_MOVED = {
    "dynamic_network_architectures.architectures.residual_unet.ResidualEncoderUNet": (
        "dynamic_network_architectures.architectures.unet.ResidualEncoderUNet"
    ),
}


def build_network(plans: NetworkPlans, *, stock: bool = True) -> torch.nn.Module:
    """Build the network of a configuration, one input channel, without deep supervision, weights not yet loaded.

    Parameters
    ----------
    plans : NetworkPlans
    stock : bool
        Compute bit by bit as stock nnU-Net does. It stores logits in half precision, where rounding makes 1e-3 of the last bit's
        1e-7. Else a CPU normalizes faster (`hemorrhage.nnunet.instance_norm`).

    Raises
    ------
    ModelError
        The plans name a class that is not a network of ``dynamic_network_architectures`` (or ``torch.nn``), or the arguments do
        not fit it.
    """
    from .instance_norm import FASTER

    architecture = plans.architecture
    try:
        name = str(architecture["network_class_name"])
        kwargs: dict[str, Any] = dict(architecture["arch_kwargs"])
        for key in architecture["_kw_requires_import"]:
            if kwargs.get(key) is not None:
                kwargs[key] = _locate(str(kwargs[key]))
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"plans.json is damaged: its architecture lacks or garbles {error}") from error
    if not name.startswith("dynamic_network_architectures."):
        raise ModelError(
            f"plans.json asks for the network {name!r}, but only dynamic_network_architectures' networks are allowed"
        )
    network_class = _locate(_MOVED.get(name, name))
    if not stock:
        norm = kwargs.get("norm_op")
        kwargs["norm_op"] = FASTER.get(norm, norm)
    kwargs["deep_supervision"] = False
    try:
        network = network_class(input_channels=1, num_classes=len(plans.classes), **kwargs)
    except Exception as error:  # whatever the library raises about arguments that come from the user's file
        raise ModelError(f"plans.json is damaged: {name.rsplit('.', 1)[-1]} cannot be built ({error})") from error
    assert isinstance(network, _module_class())
    return network.eval().requires_grad_(False)


def load_weights(network: torch.nn.Module, weights: Mapping[str, torch.Tensor]) -> None:
    """Load a state dict into `network`, stripping the prefixes that data-parallel and compiled training leave.

    A tensor that the architecture registers under several names needs to be given under one of them only.

    Raises
    ------
    ModelError
        The weights do not fit the architecture, or are not finite.
    """
    import torch

    state = {key.removeprefix("module.").removeprefix("_orig_mod."): value for key, value in weights.items()}
    for names in _aliases(network):
        given = [name for name in names if name in state]
        if given:
            state.update({name: state[given[0]] for name in names if name not in state})
    try:
        network.load_state_dict(state, strict=True)
    except RuntimeError as error:
        reason = str(error).splitlines()[min(1, len(str(error).splitlines()) - 1)].strip()
        raise ModelError(
            f"the weights do not fit the architecture of plans.json (trained with a custom trainer?): {reason[:200]}"
        ) from error
    if not all(torch.isfinite(value).all() for value in network.state_dict().values() if value.is_floating_point()):
        raise ModelError("the weights hold values that are not finite: the training diverged or the file is damaged")


def distinct_tensors(network: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Return the network's state dict with each tensor under the first of its names only."""
    state = network.state_dict()
    return {names[0]: state[names[0]] for names in _aliases(network)}


def _aliases(network: torch.nn.Module) -> list[list[str]]:
    """Group the names in the network's state dict that mean the same tensor."""
    groups: dict[tuple[int, torch.Size], list[str]] = {}
    for name, tensor in network.state_dict().items():
        groups.setdefault((tensor.data_ptr() if tensor.numel() else id(tensor), tensor.shape), []).append(name)
    return list(groups.values())


def _module_class() -> type[torch.nn.Module]:
    import torch

    return torch.nn.Module


def _locate(name: str) -> Any:
    """Import a network class by its dotted name.

    The name's prefix alone would not do (``torch.nn.x.os.system`` starts with it too): what is found must itself be a module
    class that was defined in an allowed package.
    """
    if not name.startswith(_ALLOWED_PACKAGES):
        raise ModelError(f"plans.json names {name!r}, which is not a part of a neural network: the file is not trusted")
    try:
        found = pydoc.locate(name)
    except pydoc.ErrorDuringImport as error:
        raise ModelError(f"plans.json names {name!r}, which needs a package that is not installed ({error.value})") from error
    if found is None:
        raise ModelError(f"plans.json names {name!r}, which the installed dynamic-network-architectures or torch does not have")
    if not (
        isinstance(found, type) and issubclass(found, _module_class()) and (found.__module__ + ".").startswith(_ALLOWED_PACKAGES)
    ):
        raise ModelError(f"plans.json names {name!r}, which is not a part of a neural network: the file is not trusted")
    return found
