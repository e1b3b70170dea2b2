"""What a sampler needs to know of a network: how it prepares a CT, and its class probabilities."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from ..head_ct import HeadCT
from ..precision import Precision
from ..progress import StopCallback
from .working_grid import WorkingGrid

if TYPE_CHECKING:
    import torch


class PreparedCT(Protocol):
    """A CT as the network wants it: windowed, normalized, on the working grid."""

    @property
    def data(self) -> torch.Tensor:
        """The network's input on its device: (1, D, H, W) float32, already clipped to the model's window."""
        ...

    @property
    def grid(self) -> WorkingGrid:
        """Where `data` lies on the CT; ``grid.shape`` is (D, H, W)."""
        ...


@dataclass(frozen=True, eq=False)
class PreparedTensor:
    """The plainest prepared CT: a tensor and its grid."""

    data: torch.Tensor
    grid: WorkingGrid


class Network(Protocol):
    """A segmentation network, as samplers see it. How it tiles the volume and on which device it computes is its own affair."""

    def prepare(self, ct: HeadCT) -> PreparedCT:
        """Window, normalize and resample a CT."""
        ...

    def probabilities(self, data: torch.Tensor) -> torch.Tensor:
        """Map (B, 1, D, H, W) to class probabilities (B, C, D, H, W), background first, summing to 1 over C."""
        ...


@runtime_checkable
class EnsembleNetwork(Network, Protocol):
    """A network whose members can be told apart; most have one."""

    @property
    def networks(self) -> tuple[torch.nn.Module, ...]:
        """The members, in evaluation mode."""
        ...

    def member_probabilities(self, data: torch.Tensor, member: int) -> torch.Tensor:
        """Return what `probabilities` would if there were only this member."""
        ...


class RunnableNetwork(Network, Protocol):
    """A network as a run sees it: it knows where and how precisely it computes, and can say so."""

    @property
    def device(self) -> torch.device:
        """Where it runs at present."""
        ...

    @property
    def precision(self) -> Precision:
        """Number format of its forward passes at present."""
        ...

    @property
    def messages(self) -> list[str]:
        """Sentences for the result's warnings, such as that memory ran out and something smaller was tried."""
        ...

    def start_run(self, report: Callable[[str], None] | None = None, should_stop: StopCallback | None = None) -> None:
        """Make a network that was used before ready for another run, as if it were new."""
        ...
