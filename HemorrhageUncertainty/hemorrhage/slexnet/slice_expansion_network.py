"""A SLEX-Net model, ready to run on CTs."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch

from ..precision import Precision
from ..progress import StopCallback
from ..slices.slice_stack_network import SliceStackNetwork
from .aggregation import aggregate
from .network import SlexNet
from .settings import SlexNetSettings


class SliceExpansionNetwork(SliceStackNetwork):
    """One SLEX-Net, as samplers see it.

    Parameters
    ----------
    settings : SlexNetSettings
    weights : mapping of str to tensor
        State dict of `SlexNet`.
    device, precision, batch, report, should_stop
        See `SliceStackNetwork`.

    Raises
    ------
    ModelError
        The weights do not fit the settings.
    """

    settings: SlexNetSettings

    def __init__(
        self,
        settings: SlexNetSettings,
        weights: Mapping[str, torch.Tensor],
        *,
        device: str | torch.device = "auto",
        precision: Precision | None = None,
        batch: int | None = None,
        report: Callable[[str], None] | None = None,
        should_stop: StopCallback | None = None,
    ) -> None:
        super().__init__(settings, device=device, precision=precision, batch=batch, report=report, should_stop=should_stop)
        self._network = SlexNet(settings)
        self._ready(self._network, weights)

    def hypotheses(self, data: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Return each slice's own class probabilities, and those expanded from each neighbor.

        Parameters
        ----------
        data : (1, D, h, w) tensor
            From `prepare`, or a transformed copy.

        Returns
        -------
        tuple of (C, D, h, w) float32 tensors on the device of `data`
            In the order of ``settings.offsets`` after the slices' own.

        Raises
        ------
        ResourceError
            Memory does not suffice even for single slices.
        Interrupted
            `should_stop` returned True.
        """
        return self._run(data, lambda slices, batch: self._network.hypotheses(slices, batch, self.stop_if_asked))

    def probabilities(self, data: torch.Tensor) -> torch.Tensor:
        """Return the aggregated class probabilities (B, C, D, h, w) of volumes (B, 1, D, h, w); raises as `hypotheses`."""

        def aggregated(slices: torch.Tensor, batch: int) -> tuple[torch.Tensor]:
            own, *expanded = self._network.hypotheses(slices, batch, self.stop_if_asked)
            return (aggregate(own, expanded, self.settings),)

        return torch.cat([self._run(each, aggregated)[0][None] for each in data])
