"""What a sampler needs to know of a network: how it prepares a CT, and its class probabilities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from ..head_ct import HeadCT
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
