"""A U-Net for slices, or an ensemble of them, ready to run on CTs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import nn

from ..precision import Precision
from ..progress import StopCallback
from ..slices.slice_stack_network import SliceStackNetwork
from .network import build_slice_net
from .settings import SliceNetSettings


class SliceNetwork(SliceStackNetwork):
    """One model, as samplers see it.

    Parameters
    ----------
    settings : SliceNetSettings
    members : sequence of state dicts
        Of `build_slice_net`'s network; several are an ensemble whose probabilities are averaged.
    statistics : mapping of str to tensor, optional
        Of training batches (`batch_statistics.record_batch_statistics`).
    device, precision, batch, report, should_stop
        See `SliceStackNetwork`.

    Attributes
    ----------
    networks : tuple of torch.nn.Module
        The members, in evaluation mode.

    Raises
    ------
    ModelError
        The weights do not fit the settings.
    """

    def __init__(
        self,
        settings: SliceNetSettings,
        members: Sequence[Mapping[str, torch.Tensor]],
        statistics: Mapping[str, torch.Tensor] | None = None,
        *,
        device: str | torch.device = "auto",
        precision: Precision | None = None,
        batch: int | None = None,
        report: Callable[[str], None] | None = None,
        should_stop: StopCallback | None = None,
    ) -> None:
        super().__init__(settings, device=device, precision=precision, batch=batch, report=report, should_stop=should_stop)
        self.statistics = statistics
        self.networks: tuple[nn.Module, ...] = tuple(build_slice_net(settings) for _ in members)
        for network, weights in zip(self.networks, members, strict=True):
            self._ready(network, weights)

    def probabilities(self, data: torch.Tensor) -> torch.Tensor:
        """Return class probabilities (B, C, D, h, w) of volumes (B, 1, D, h, w): the mean over the members.

        Raises
        ------
        ResourceError
            Memory does not suffice even for single slices.
        Interrupted
            `should_stop` returned True.
        """
        total = self.member_probabilities(data, 0)
        for member in range(1, len(self.networks)):
            total += self.member_probabilities(data, member)
        return total / len(self.networks)

    def member_probabilities(self, data: torch.Tensor, member: int) -> torch.Tensor:
        """Return the class probabilities of one member alone; shapes and errors as `probabilities`."""
        network = self.networks[member]

        def predicted(slices: torch.Tensor, batch: int) -> tuple[torch.Tensor]:
            parts = []
            for part in slices.split(batch):
                self.stop_if_asked()
                parts.append(network(part).float().softmax(1))
            return (torch.cat(parts),)

        return torch.cat([self._run(each, predicted)[0][None] for each in data])
