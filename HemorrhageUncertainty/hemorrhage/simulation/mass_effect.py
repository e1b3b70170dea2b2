"""Mass effect: hematomas push the brain, which shifts the midline and compresses ventricles and sulci.

The displacement field is smooth, so it is computed on a lattice of every fourth voxel and interpolated. Fields that belong to
the skull (depth, sutures) do not move; what lies inside moves together.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .anatomy import Anatomy, Tissue
from .lesion_shape import unit_gradient

_STEP = 4


class Displacement:
    """Sum of pushes, in mm, on a coarse lattice of the anatomy's grid; tissue now at x came from ``x - u(x)``."""

    def __init__(self, anatomy: Anatomy) -> None:
        self._anatomy = anatomy
        self._depth = np.ascontiguousarray(anatomy.depth[::_STEP, ::_STEP, ::_STEP])
        self._midline = np.ascontiguousarray(anatomy.midline[::_STEP, ::_STEP, ::_STEP])
        self._spacing = [s * _STEP for s in anatomy.spacing]
        self.mm = np.zeros((3, *self._depth.shape), np.float32)

    @property
    def largest_mm(self) -> float:
        """Largest length of the displacement."""
        return float(np.sqrt((self.mm**2).sum(0).max()))

    def push_from_center(self, center: NDArray[np.float64], volume_ml: float, share: float) -> None:
        """Expand a ball of `volume_ml` at an index position, of which `share` displaces tissue instead of replacing it.

        The radial map ``r -> (r^3 + share R^3)^(1/3)`` conserves the volume of what it displaces; it is damped to
        zero at the skull.
        """
        radius = (3e3 * volume_ml / (4 * np.pi)) ** (1 / 3)
        x = [
            ((np.arange(n) * _STEP - c) * s).astype(np.float32)
            for n, c, s in zip(self._depth.shape, center, self._anatomy.spacing, strict=True)
        ]
        grid = np.meshgrid(*x, indexing="ij", sparse=True)
        r = np.sqrt(grid[0] ** 2 + grid[1] ** 2 + grid[2] ** 2) + 1e-3
        source = np.cbrt(np.clip(r**3 - share * radius**3, 0, None))
        length = np.minimum(r - source, 0.9 * r) * np.clip(self._depth / 18.0, 0, 1)
        for axis in range(3):
            self.mm[axis] += length * grid[axis] / r

    def push_from_table(self, thickness: NDArray[np.float32], reach_mm: float = 55.0) -> None:
        """Press the brain inward under a layer of `thickness` mm (on the full grid); the push fades linearly over `reach_mm`."""
        t = ndimage.gaussian_filter(thickness[::_STEP, ::_STEP, ::_STEP], 1.0)
        length = np.clip(t * (1 - self._depth / reach_mm), 0, None)
        length = np.minimum(length, np.clip(self._depth - 1.5, 0, None))
        for axis, direction in enumerate(unit_gradient(ndimage.gaussian_filter(self._depth, 1.0), self._spacing)):
            self.mm[axis] += length * direction

    def shift_midline(self, side: int, millimeters: float, center: NDArray[np.float64]) -> None:
        """Move the middle of the brain away from `side` (+1 = left) by up to `millimeters`, most at the level of `center`."""
        z = (np.arange(self._depth.shape[0]) * _STEP - center[0]) * self._anatomy.spacing[0]
        y = (np.arange(self._depth.shape[1]) * _STEP - center[1]) * self._anatomy.spacing[1]
        profile = np.exp(-((z / 45) ** 2))[:, None, None] * np.exp(-((y / 60) ** 2))[None, :, None]
        across = np.exp(-((self._midline / 38) ** 2)) * np.clip(self._depth / 28, 0, 1)
        self.mm[2] -= (side * millimeters * profile * across).astype(np.float32)

    def apply(self) -> Anatomy:
        """Return the anatomy after the push: tissue and masks by nearest neighbor, HU and midline linearly."""
        anatomy = self._anatomy
        if self.largest_mm < 0.2:
            return anatomy
        flat = np.flatnonzero(anatomy.intracranial)
        index = np.array(np.unravel_index(flat, anatomy.shape))
        source = index.astype(np.float32)
        coarse = index.astype(np.float32) / _STEP
        for axis in range(3):
            mm = ndimage.map_coordinates(self.mm[axis], coarse, order=1, mode="nearest")
            source[axis] -= mm / anatomy.spacing[axis]
        nearest = np.clip(np.rint(source).astype(np.int64), 0, np.array(anatomy.shape)[:, None] - 1)
        # Where a large push points outside the skull, the voxel keeps its own tissue.
        origin = np.ravel_multi_index(tuple(nearest), anatomy.shape)
        lost = ~anatomy.intracranial.ravel()[origin]
        origin[lost] = flat[lost]
        source[:, lost] = index[:, lost]

        def moved(values: NDArray) -> NDArray:
            out = values.copy()
            out.ravel()[flat] = values.ravel()[origin]
            return out

        hu, midline = anatomy.hu.copy(), anatomy.midline.copy()
        # Skull must not bleed into the interpolated brain.
        inner = np.where(anatomy.intracranial, anatomy.hu, 30.0)
        hu.ravel()[flat] = ndimage.map_coordinates(inner, source, order=1, mode="nearest")
        midline.ravel()[flat] = ndimage.map_coordinates(anatomy.midline, source, order=1, mode="nearest")
        return replace(
            anatomy,
            tissue=moved(anatomy.tissue),
            hu=hu,
            midline=midline,
            brain=moved(anatomy.brain),
            ventricles=moved(anatomy.ventricles),
            csf=moved(anatomy.csf),
            falx=moved(anatomy.falx),
            tentorium=moved(anatomy.tentorium),
            supratentorial=moved(anatomy.supratentorial),
        )


def close_sulci(anatomy: Anatomy, near: NDArray[np.float32]) -> None:
    """Fill cerebrospinal fluid outside the ventricles with brain HU by the share `near` in [0, 1] (swelling), in place."""
    where = anatomy.csf & (anatomy.tissue == Tissue.CSF) & (near > 0.02)
    anatomy.hu[where] += near[where] * (35.0 - anatomy.hu[where])
