"""The grid on which a sampler works, and the way back to the CT's own grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..head_ct import Spacing

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class WorkingGrid:
    """A box of the CT, transposed and resampled for the network.

    The CT's array is transposed by `transpose`, cropped to `box`, and resampled to `shape`.
    Outside the box every class but background has probability 0.

    Attributes
    ----------
    ct_shape : tuple of int
        Shape (D, H, W) of the CT.
    transpose : tuple of int
        Order of the CT's axes on the working grid (nnU-Net's ``transpose_forward``).
    box : tuple of (int, int)
        Start and stop of the crop along each axis of the transposed CT.
    shape : tuple of int
        Shape of the working grid after resampling.
    spacing : tuple of float
        Spacing of the working grid in mm.
    """

    ct_shape: tuple[int, int, int]
    transpose: tuple[int, int, int]
    box: tuple[tuple[int, int], tuple[int, int], tuple[int, int]]
    shape: tuple[int, int, int]
    spacing: Spacing

    def to_ct(self, maps: torch.Tensor, outside: torch.Tensor | float = 0.0) -> torch.Tensor:
        """Resample maps (K, *shape) linearly to the CT's grid: (K, *ct_shape); `outside` fills beyond the box, per map."""
        raise NotImplementedError
