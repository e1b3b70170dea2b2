"""Which sampler a method is, for which network."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..errors import ArgumentError
from ..method import Method

if TYPE_CHECKING:
    from ..sampling import Sampler
    from ..sampling.network import RunnableNetwork

#: Without random transforms these are what stands beside them.
_WITHOUT_TRANSFORMS = {Method.TTA: Method.DETERMINISTIC, Method.SLEX_TTA: Method.SLEX}


def make_sampler(method: Method, network: RunnableNetwork, transforms: int, preset: str | None) -> Sampler:
    """Return what draws samples.

    Parameters
    ----------
    method : Method
        With 0 transforms, ``tta`` is ``deterministic`` and ``slex-tta`` is ``slex``.
    network : RunnableNetwork
    transforms : int
        Random operators per sample, for methods that transform the CT.
    preset : str, optional
        Their distribution; by default chosen by the spacing.

    Raises
    ------
    ArgumentError
        The network cannot do it.
    """
    chosen = _WITHOUT_TRANSFORMS.get(method, method) if transforms == 0 else method
    return _SAMPLERS[chosen](network, transforms, preset)


def _deterministic(network: RunnableNetwork, transforms: int, preset: str | None) -> Sampler:
    from ..nnunet import NNUNetNetwork, Windows
    from ..sampling.deterministic import Deterministic
    from ..sampling.single_prediction import SinglePrediction

    # Stock nnU-Net shows a network windows of the trained size: one that was trained on whole heads is at a loss with them.
    if isinstance(network, NNUNetNetwork) and network.windows is Windows.TRAINED:
        return Deterministic(network)
    return SinglePrediction(network)


def _tta(network: RunnableNetwork, transforms: int, preset: str | None) -> Sampler:
    from ..nnunet import NNUNetNetwork
    from ..sampling.test_time_augmentation import TestTimeAugmentation

    if isinstance(network, NNUNetNetwork):
        return TestTimeAugmentation(network, preset, transforms, flip_axes=network.mirrored_array_axes)
    return TestTimeAugmentation(network, preset, transforms)


def _slex(network: RunnableNetwork, transforms: int, preset: str | None) -> Sampler:
    from ..slexnet.samplers import SliceExpansion
    from ..slexnet.slice_expansion_network import SliceExpansionNetwork

    if not isinstance(network, SliceExpansionNetwork):
        raise _cannot(Method.SLEX)
    return SliceExpansion(network)


def _slex_tta(network: RunnableNetwork, transforms: int, preset: str | None) -> Sampler:
    from ..slexnet.slice_expansion_network import SliceExpansionNetwork
    from ..slexnet.transformed_expansion import TransformedExpansion

    if not isinstance(network, SliceExpansionNetwork):
        raise _cannot(Method.SLEX_TTA)
    return TransformedExpansion(network, preset, transforms)


def _dropout(network: RunnableNetwork, transforms: int, preset: str | None) -> Sampler:
    from ..sampling.monte_carlo_dropout import MonteCarloDropout
    from ..sampling.network import EnsembleNetwork

    if not isinstance(network, EnsembleNetwork):
        raise _cannot(Method.DROPOUT)
    return MonteCarloDropout(network)


def _mcbn(network: RunnableNetwork, transforms: int, preset: str | None) -> Sampler:
    from ..slicenet.monte_carlo_batch_normalization import MonteCarloBatchNormalization
    from ..slicenet.slice_network import SliceNetwork

    if not isinstance(network, SliceNetwork):
        raise _cannot(Method.MCBN)
    return MonteCarloBatchNormalization(network)


def _ensemble(network: RunnableNetwork, transforms: int, preset: str | None) -> Sampler:
    from ..sampling.deep_ensemble import DeepEnsemble
    from ..sampling.network import EnsembleNetwork

    if not isinstance(network, EnsembleNetwork):
        raise _cannot(Method.ENSEMBLE)
    return DeepEnsemble(network)


def _cannot(method: Method) -> ArgumentError:
    return ArgumentError(f"this kind of network cannot do the method {method.value!r}: choose another method")


_SAMPLERS: dict[Method, Callable[[RunnableNetwork, int, str | None], Sampler]] = {
    Method.TTA: _tta,
    Method.DETERMINISTIC: _deterministic,
    Method.SLEX: _slex,
    Method.SLEX_TTA: _slex_tta,
    Method.DROPOUT: _dropout,
    Method.MCBN: _mcbn,
    Method.ENSEMBLE: _ensemble,
}
