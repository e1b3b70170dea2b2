"""A model that was opened: what it is, and the samplers that it offers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ArgumentError, ModelError
from ..method import Method
from ..precision import Precision
from ..progress import StopCallback
from ..slexnet import SlexNetSettings
from .contents import ModelContents
from .model_card import Architecture, ModelCard, read_card
from .model_folder import is_model_folder, open_model_folder
from .nnunet_folder import is_nnunet_folder, open_nnunet_folder
from .slexnet_folder import open_slexnet_folder
from .slicenet_folder import open_slicenet_folder

if TYPE_CHECKING:
    import torch

    from ..nnunet import NNUNetNetwork
    from ..sampling import Sampler
    from ..slexnet.slice_expansion_network import SliceExpansionNetwork


class Model:
    """A model folder, opened and checked; weights are read when a network is asked for.

    Parameters
    ----------
    folder : path
        Our model folder (``model.json``) or a stock nnU-Net v2 trained-model folder.
    name : str, optional
        What to call it; default: the card's name.

    Raises
    ------
    ModelError
        The folder is missing, damaged, altered, newer than this program, or of a kind that it cannot run.
    """

    def __init__(self, folder: str | Path, name: str | None = None) -> None:
        self._contents = open_contents(Path(folder))
        self.name = name or self._contents.card.name

    @property
    def folder(self) -> Path:
        """Where the model lies."""
        return self._contents.folder

    @property
    def card(self) -> ModelCard:
        """What the model says of itself."""
        return self._contents.card

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names by label value; the first is ``background``."""
        return tuple(self._contents.plans.classes)

    @property
    def methods(self) -> tuple[str, ...]:
        """Ways to draw samples; the first is the default."""
        return tuple(self.card.methods)

    @property
    def sha256(self) -> str:
        """Hash of the whole model (see `ModelCard.sha256`)."""
        return self.card.sha256

    def network(
        self,
        device: str | torch.device = "auto",
        *,
        precision: Precision | None = None,
        report: Callable[[str], None] | None = None,
        should_stop: StopCallback | None = None,
    ) -> NNUNetNetwork | SliceExpansionNetwork:
        """Read the weights and return the network on `device`.

        Parameters
        ----------
        device : str or torch.device
            ``auto``, ``cpu``, ``cuda``, ``cuda:n``.
        precision : Precision, optional
            Default: what suits the device.
        report : callable, optional
            Receives a sentence whenever memory ran out and something smaller is tried.
        should_stop : callable, optional
            Asked before every forward pass; True raises `Interrupted`.

        Raises
        ------
        ArgumentError
            The device does not exist.
        ModelError
            The weights are unreadable or do not fit the architecture.
        """
        plans = self._contents.plans
        if isinstance(plans, SlexNetSettings):
            from ..slexnet.slice_expansion_network import SliceExpansionNetwork

            (weights,) = self._contents.read_weights()
            return SliceExpansionNetwork(
                plans, weights, device=device, precision=precision, report=report, should_stop=should_stop
            )
        from ..nnunet import NNUNetNetwork, Windows

        return NNUNetNetwork(
            plans,
            self._contents.read_weights(),
            mirror_axes=self.card.mirror_axes,
            device=device,
            precision=precision,
            windows=Windows(self.card.windows),
            anatomical=self.card.slices == "axial",
            report=report,
            should_stop=should_stop,
        )

    def sampler(
        self,
        method: str | None = None,
        *,
        transforms: int = 5,
        preset: str | None = None,
        device: str | torch.device = "auto",
        network: NNUNetNetwork | SliceExpansionNetwork | None = None,
        report: Callable[[str], None] | None = None,
        should_stop: StopCallback | None = None,
    ) -> Sampler:
        """Return what draws plausible segmentations of a CT.

        Parameters
        ----------
        method : str, optional
            One of `methods`; default: the first. ``tta`` with 0 transforms is ``deterministic``: an nnU-Net's then both equal
            stock nnU-Net.
        transforms : int
            Random operators per sample (``tta`` only).
        preset : str, optional
            ``paper`` or ``anisotropic``; default: the model's, else chosen by the spacing.
        network : NNUNetNetwork or SliceExpansionNetwork, optional
            From `network`, to use it again; else one is made with `device`, `report`, `should_stop`.

        Raises
        ------
        ArgumentError
            The model does not offer the method.
        """
        chosen = self.methods[0] if method is None else method
        if chosen not in self.methods:
            raise ArgumentError(f"the model {self.name!r} offers the methods {', '.join(self.methods)}, but not {chosen!r}")
        if transforms < 0:
            raise ArgumentError(f"the number of transforms must be 0 or more, but is {transforms}")
        ready = network if network is not None else self.network(device, report=report, should_stop=should_stop)
        drawn = self._sampler(chosen, ready, transforms, preset)
        if self.card.region == "everywhere":
            return drawn
        from ..sampling.within_skull import WithinSkull

        return WithinSkull(drawn)

    def _sampler(self, chosen: str, ready: NNUNetNetwork | SliceExpansionNetwork, transforms: int, preset: str | None) -> Sampler:
        from ..nnunet import NNUNetNetwork

        if chosen == Method.SLEX and not isinstance(ready, NNUNetNetwork):
            from ..slexnet.samplers import SliceExpansion

            return SliceExpansion(ready)
        if chosen == Method.DETERMINISTIC or transforms == 0:
            from ..sampling.deterministic import Deterministic
            from ..slexnet.samplers import AggregatedPrediction

            return Deterministic(ready) if isinstance(ready, NNUNetNetwork) else AggregatedPrediction(ready)
        from ..sampling.test_time_augmentation import TestTimeAugmentation

        return TestTimeAugmentation(ready, preset or self.card.default_preset, transforms)


_OPEN = {
    Architecture.NNUNET: open_model_folder,
    Architecture.SLEXNET: open_slexnet_folder,
    Architecture.SLICENET: open_slicenet_folder,
}


def open_contents(folder: Path) -> ModelContents:
    """Open a model folder of either format (see `Model`)."""
    if not folder.is_dir():
        raise ModelError(f"there is no model folder {folder}")
    if is_model_folder(folder):
        card = read_card(folder)
        return _OPEN[Architecture(card.method)](folder, card)
    if is_nnunet_folder(folder):
        return open_nnunet_folder(folder)
    raise ModelError(
        f"{folder} is not a model: expected model.json, or nnU-Net's plans.json, dataset.json and fold_*/checkpoint_final.pth"
    )
