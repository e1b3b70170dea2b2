"""A model that was opened: what it is, and the samplers that it offers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ArgumentError, ModelError
from ..method import Method
from ..precision import Precision
from ..progress import StopCallback
from .contents import ModelContents
from .model_card import Architecture, ModelCard, read_card
from .model_folder import is_model_folder, open_model_folder
from .networks import build_network
from .nnunet_folder import is_nnunet_folder, open_nnunet_folder
from .samplers import make_sampler
from .slexnet_folder import open_slexnet_folder
from .slicenet_folder import open_slicenet_folder

if TYPE_CHECKING:
    import torch

    from ..sampling import Sampler
    from ..sampling.network import RunnableNetwork


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

    def __reduce__(self) -> tuple[type[Model], tuple[Path, str]]:
        """Travel to another process as a folder, which is opened and checked there."""
        return type(self), (self.folder, self.name)

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
    ) -> RunnableNetwork:
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
        return build_network(self._contents, device=device, precision=precision, report=report, should_stop=should_stop)

    def sampler(
        self,
        method: str | None = None,
        *,
        transforms: int = 5,
        preset: str | None = None,
        device: str | torch.device = "auto",
        network: RunnableNetwork | None = None,
        report: Callable[[str], None] | None = None,
        should_stop: StopCallback | None = None,
    ) -> Sampler:
        """Return what draws plausible segmentations of a CT.

        Parameters
        ----------
        method : str, optional
            One of `methods`; default: the first. ``tta`` with 0 transforms is ``deterministic``: an nnU-Net's then both equal
            stock nnU-Net (unless its card says that it sees the whole head at once). ``slex-tta`` with 0 transforms is ``slex``.
        transforms : int
            Random operators per sample (``tta`` and ``slex-tta`` only).
        preset : str, optional
            ``paper`` or ``anisotropic``; default: the model's, else chosen by the spacing.
        network : RunnableNetwork, optional
            From `network`, to use it again; else one is made with `device`, `report`, `should_stop`.

        Raises
        ------
        ArgumentError
            The model does not offer the method.
        """
        chosen = self.methods[0] if method is None else method
        if chosen not in self.methods:
            offered = "; ".join(f"{each.value} ({each.full_name})" for each in self.card.methods)
            raise ArgumentError(f"the model {self.name!r} does not offer the method {chosen!r}: choose one of {offered}")
        if transforms < 0:
            raise ArgumentError(f"the number of transforms must be 0 or more, but is {transforms}")
        ready = network if network is not None else self.network(device, report=report, should_stop=should_stop)
        drawn = make_sampler(Method(chosen), ready, transforms, preset or self.card.default_preset)
        if self.card.region == "everywhere":
            return drawn
        from ..sampling.within_skull import WithinSkull

        return WithinSkull(drawn, report)


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
