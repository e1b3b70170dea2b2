"""A CT under a curved transform, put on a regular grid in world space, and maps carried back to its own voxels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from slicer.i18n import tr as _

from hemorrhage.errors import GeometryError
from hemorrhage.reading.dicom_geometry import regular_places
from hemorrhage.reading.padding import AIR_HU

from .plane_sampling import sample_plane
from .voxel_lattice import VoxelLattice

#: Positions are inverted to within this share of a voxel, in at most so many steps.
_INVERSION_ERROR, _INVERSION_STEPS = 1e-4, 60
#: Distance in voxels between the points of the regular grid at which the transform is inverted; in between it is linear.
_STEP = 8
#: A regular grid with this many times the CT's voxels says that the transform is no geometry of a scanner.
_MOST_GROWTH = 6.0


@dataclass(frozen=True, eq=False)
class StraightGrid:
    """A regular, possibly sheared, grid that covers a CT whose voxels are not on one.

    Along the slices it keeps the finest step that is common in the CT and goes through those slices exactly, so that a tilted
    gantry with uneven slices is interpolated only between slices, and only where they are far apart.

    Attributes
    ----------
    lattice : VoxelLattice
        Where the CT's own voxels are.
    shape : (D', H', W') tuple of int
    affine : (4, 4) float64
        (slice, row, column, 1) of the regular grid to world, R, A, S in mm.
    """

    lattice: VoxelLattice
    shape: tuple[int, int, int]
    affine: NDArray[np.float64]

    @classmethod
    def covering(cls, lattice: VoxelLattice) -> StraightGrid:
        """Return the grid for a CT.

        Raises
        ------
        GeometryError
            The transform folds or stretches the CT so much that no regular grid describes it.
        """
        fit = lattice.affine
        step_mm = float(np.linalg.norm(fit[:3, 0]))
        heights = _apply(np.linalg.inv(fit), lattice.points)[..., 0].mean(axis=(1, 2))
        if step_mm < 1e-6 or (np.diff(heights) <= 0).any():
            raise _folded()
        places, spacing_mm = regular_places((heights - heights[0]) * step_mm)
        affine = fit.copy()
        affine[:3, 0] *= spacing_mm / step_mm
        affine[:3, 3] += fit[:3, 0] * (heights[0] + places[0] / step_mm)
        index = _apply(np.linalg.inv(affine), lattice.points)
        # A tolerance, so that rounding does not add a slice or a row of air.
        first = np.floor(index.min(axis=(0, 1, 2)) + 1e-3)
        last = np.ceil(index.max(axis=(0, 1, 2)) - 1e-3)
        first[0], last[0] = min(first[0], 0.0), max(last[0], len(places) - 1.0)
        affine[:3, 3] += affine[:3, :3] @ first
        depth, height, width = (int(n) for n in last - first + 1)
        if depth * height * width > _MOST_GROWTH * np.prod(lattice.shape):
            raise _folded()
        return cls(lattice, (depth, height, width), affine)

    def straight_slices(self, values: NDArray[Any]) -> Iterator[NDArray[Any]]:
        """Interpolate the CT's voxels (D, H, W) in HU on the regular grid, slice by slice (H', W'); air outside, same type."""
        rows, columns = (np.append(np.arange(0, n - 1, _STEP), n - 1) for n in self.shape[1:])
        for number in range(self.shape[0]):
            grid = np.stack(np.meshgrid([number], rows, columns, indexing="ij"), axis=-1)[0]
            places = self._own_index(_apply(self.affine, grid))
            yield sample_plane(values, places, rows, columns, outside=AIR_HU)

    def own_slices(self, values: NDArray[Any], *, nearest: bool) -> Iterator[NDArray[Any]]:
        """Carry an array (D', H', W') of the regular grid to the CT's own voxels, slice by slice (H, W), same type."""
        to_index = np.linalg.inv(self.affine)
        for points in self.lattice.points:
            yield sample_plane(values, _apply(to_index, points), self.lattice.rows, self.lattice.columns, nearest=nearest)

    def _own_index(self, world: NDArray[np.float64]) -> NDArray[np.float64]:
        """Continuous (slice, row, column) of the CT at world points (..., 3), by fixed-point iteration from the linear fit."""
        to_index = np.linalg.inv(self.lattice.affine)
        index = _apply(to_index, world)
        for _step in range(_INVERSION_STEPS):
            change = (world - self._world(index)) @ to_index[:3, :3].T
            index = index + change
            if np.abs(change).max() < _INVERSION_ERROR:
                return index
        raise _folded()

    def _world(self, index: NDArray[np.float64]) -> NDArray[np.float64]:
        """World points of continuous indices (..., 3); outside the CT the border's displacement goes on."""
        from scipy import ndimage

        lattice = self.lattice
        inside = np.clip(index, 0, np.array(lattice.shape) - 1)
        place = np.stack(
            [
                inside[..., 0],
                np.interp(inside[..., 1], lattice.rows, np.arange(len(lattice.rows))),
                np.interp(inside[..., 2], lattice.columns, np.arange(len(lattice.columns))),
            ]
        )
        known = [ndimage.map_coordinates(lattice.points[..., axis], place, order=1, mode="nearest") for axis in range(3)]
        return np.stack(known, axis=-1) + (index - inside) @ lattice.affine[:3, :3].T


def _apply(affine: NDArray[np.float64], points: NDArray[Any]) -> NDArray[np.float64]:
    return points @ affine[:3, :3].T + affine[:3, 3]


def _folded() -> GeometryError:
    return GeometryError(
        _("The CT's transform folds or stretches it too much: remove the transform, or harden it on a copy of the CT first.")
    )
