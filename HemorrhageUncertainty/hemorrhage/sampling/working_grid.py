"""The grid on which a sampler works, and the way back to the CT's own grid."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..head_ct import HeadCT, Spacing

if TYPE_CHECKING:
    import torch

Box = tuple[tuple[int, int], tuple[int, int], tuple[int, int]]


@dataclass(frozen=True)
class WorkingGrid:
    """A box of the CT, transposed, mirrored and resampled for the network.

    The CT's array is transposed by `transpose`, cropped to `box`, mirrored along `flipped`, and resampled to `shape`.
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
        Spacing of the working grid in mm (exact: length of the box divided by `shape`).
    flipped : tuple of int
        Axes of the working grid that run against the transposed CT's.
    """

    ct_shape: tuple[int, int, int]
    transpose: tuple[int, int, int]
    box: Box
    shape: tuple[int, int, int]
    spacing: Spacing
    flipped: tuple[int, ...] = ()

    @classmethod
    def of_ct(cls, ct: HeadCT) -> WorkingGrid:
        """Return the grid of a sampler that works on the CT's own voxels, all of them."""
        d, h, w = ct.shape
        return cls(ct.shape, (0, 1, 2), ((0, d), (0, h), (0, w)), ct.shape, ct.spacing)

    @property
    def box_shape(self) -> tuple[int, int, int]:
        """Number of CT voxels in the box along each axis of the transposed CT."""
        a, b, c = (stop - start for start, stop in self.box)
        return a, b, c

    @property
    def voxel_volume_mm3(self) -> float:
        """Product of the working grid's spacings (for a sheared CT the true volume is smaller: see HeadCT)."""
        a, b, c = self.spacing
        return a * b * c

    def without_resampling(self) -> WorkingGrid:
        """Return the grid of the same box with the CT's own voxels (still transposed)."""
        a, b, c = (s * n / m for s, n, m in zip(self.spacing, self.shape, self.box_shape, strict=True))
        return replace(self, shape=self.box_shape, spacing=(a, b, c))

    def cut(self, array: NDArray[Any]) -> NDArray[Any]:
        """Return what an array on the CT's grid holds in the box, (D, H, W) of `box_shape`; a view, not yet resampled."""
        a, b, c = (slice(start, stop) for start, stop in self.box)
        return np.flip(array.transpose(self.transpose)[a, b, c], self.flipped)

    def to_ct(self, maps: torch.Tensor, outside: torch.Tensor | float = 0.0) -> torch.Tensor:
        """Resample maps to the CT's grid.

        Linear, with voxel centres aligned as nnU-Net's resampling does; exact copies where nothing was resampled.

        Parameters
        ----------
        maps : (K, *shape) tensor
            Any dtype; integers and booleans become float32.
        outside : float or (K,) tensor
            Value beyond the box, for all maps or per map.

        Returns
        -------
        (K, *ct_shape) float tensor on the device of `maps`
        """
        import torch

        if tuple(maps.shape[1:]) != tuple(self.shape):
            raise ValueError(f"maps of shape {tuple(maps.shape[1:])} are not on this working grid of shape {self.shape}")
        values = maps if maps.is_floating_point() else maps.float()
        if self.box_shape != tuple(self.shape):
            values = torch.nn.functional.interpolate(
                values[None].float(), size=self.box_shape, mode="trilinear", align_corners=False
            )[0]
        transposed_shape = [self.ct_shape[axis] for axis in self.transpose]
        result = values.new_empty((len(values), *transposed_shape))
        fill = torch.as_tensor(outside, dtype=values.dtype, device=values.device).expand(len(values))
        result[:] = fill[:, None, None, None]
        (a0, a1), (b0, b1), (c0, c1) = self.box
        result[:, a0:a1, b0:b1, c0:c1] = values.flip([1 + axis for axis in self.flipped])
        back = [1 + self.transpose.index(axis) for axis in range(3)]
        return result.permute(0, *back).contiguous()
