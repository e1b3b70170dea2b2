"""The HU that findings are painted into, guarded so that hemorrhage labels keep their HU."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .anatomy import Anatomy
from .lesion_noise import draw_noise
from .lesion_shape import Box, box_around, offsets_mm


@dataclass(eq=False)
class MimicCanvas:
    """A head being painted.

    Attributes
    ----------
    rng : Generator
    anatomy : Anatomy
    hu : (D, H, W) float32
        Changed in place by `blend` and `lower`.
    free : (D, H, W) bool
        Where findings may be: not on hemorrhage.
    """

    rng: np.random.Generator
    anatomy: Anatomy
    hu: NDArray[np.float32]
    free: NDArray[np.bool_]

    def blend(self, box: Box, share: NDArray[np.float32], value: NDArray[np.float32] | float) -> float:
        """Move HU toward `value` by `share` in [0, 1] where free; return the volume that changed by half or more, in mL."""
        share = share * self.free[box]
        part = self.hu[box]
        part += share * (value - part)
        return float((share > 0.5).sum() * np.prod(self.anatomy.spacing) / 1000)

    def lower(self, box: Box, drop: NDArray[np.float32], floor: float = 6.0) -> None:
        """Subtract HU where free, not below `floor` (values that are lower already stay)."""
        part = self.hu[box]
        part[...] = np.where(self.free[box], np.maximum(part - drop, np.minimum(part, floor)), part)

    def ball(
        self, center: NDArray[np.float64], radius_mm: float, roughness: float = 0.2, edge_mm: float = 1.0
    ) -> tuple[Box, NDArray[np.float32]]:
        """Return the box and the soft share in [0, 1] of an irregular ellipsoid around an index position."""
        box = box_around(self.anatomy, center, 1.7 * radius_mm + 2)
        x = offsets_mm(self.anatomy, box, center)
        stretch = np.exp(self.rng.normal(0, 0.2, 3))
        r = np.sqrt((x[0] / stretch[0]) ** 2 + (x[1] / stretch[1]) ** 2 + (x[2] / stretch[2]) ** 2)
        noise = draw_noise(self.rng, r.shape, self.anatomy.spacing, max(0.6 * radius_mm, 2.0))
        level = radius_mm * (1 + roughness * noise) - r
        return box, np.asarray(np.clip(level / edge_mm + 0.5, 0, 1), np.float32)

    def whole(self) -> Box:
        """Return the box of the whole grid."""
        d, h, w = self.anatomy.shape
        return slice(0, d), slice(0, h), slice(0, w)
