"""The model that stays in memory between runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ..device import choose_device
from ..models import Model, load_model
from ..precision import Precision
from ..progress import StopCallback

if TYPE_CHECKING:
    import torch

    from ..sampling.network import RunnableNetwork


class ResidentModel(Model):
    """A model that keeps its latest network."""

    def __init__(self, folder: Path, name: str) -> None:
        super().__init__(folder, name)
        self._network: tuple[tuple[str, Precision | None], RunnableNetwork] | None = None

    def network(
        self,
        device: str | torch.device = "auto",
        *,
        precision: Precision | None = None,
        report: Callable[[str], None] | None = None,
        should_stop: StopCallback | None = None,
    ) -> RunnableNetwork:
        """Return the kept network if it was made for this device and precision, else a new one; see `Model.network`."""
        key = (str(choose_device(device)), precision)
        if self._network is None or self._network[0] != key:
            self._network = None  # two networks need not fit into memory at once
            self._network = (key, super().network(device, precision=precision, report=report, should_stop=should_stop))
        network = self._network[1]
        network.start_run(report, should_stop)
        return network


class ModelKeeper:
    """Opens models, and keeps the latest as long as its files stay the same."""

    def __init__(self) -> None:
        self._kept: ResidentModel | None = None

    def open(self, name_or_folder: str) -> Model:
        """Return a model by name or folder; its files' hashes are checked every time.

        Raises
        ------
        ModelError
            See `hemorrhage.load_model`.
        """
        found = load_model(name_or_folder)
        kept = self._kept
        if kept is None or (kept.folder, kept.name, kept.sha256) != (found.folder, found.name, found.sha256):
            self._kept = None
            self._kept = kept = ResidentModel(found.folder, found.name)
        return kept

    def forget(self) -> None:
        """Free the memory of the kept model."""
        self._kept = None
