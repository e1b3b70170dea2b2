"""Where the voxels of a CT node lie in the patient, through any parent transform."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import slicer
import vtk
from numpy.typing import NDArray
from slicer.i18n import tr as _

from hemorrhage.errors import GeometryError

#: A transform that leaves the straight grid by less than this, in mm, counts as linear: DICOM headers round as coarsely.
LINEAR_TOLERANCE_MM = 0.03
#: First distance between lattice points within a slice, in mm; halved until the lattice is exact enough.
_FIRST_STEP_MM = 8.0
#: Largest error of a position that is interpolated from the lattice, in mm.
_LATTICE_ERROR_MM = 0.02


@dataclass(frozen=True, eq=False)
class VoxelLattice:
    """World positions of some voxels of every slice; the other voxels lie linearly between them.

    Slicer applies a parent transform point by point, which is too slow for every voxel of a CT. A gantry's acquisition transform
    is linear within each slice, so a few points say everything; for other transforms the lattice is refined until it is exact
    to 0.02 mm on the slices.

    Attributes
    ----------
    shape : (D, H, W) tuple of int
        Voxels of the node.
    rows, columns : (R,), (C,) int64
        Row and column indices of the lattice, first and last voxel included.
    points : (D, R, C, 3) float64
        R, A, S in mm, in world space.
    affine : (4, 4) float64
        (slice, row, column, 1) to world: exact where `is_linear`, else the best fit.
    is_linear : bool
        Whether `affine` places every voxel to within `LINEAR_TOLERANCE_MM`.
    """

    shape: tuple[int, int, int]
    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    points: NDArray[np.float64]
    affine: NDArray[np.float64]
    is_linear: bool

    def voxel_volumes_ml(self) -> float | NDArray[np.float32]:
        """Volume of each voxel in world space: one number for a linear transform, else (D, H, W) float32."""
        if self.is_linear:
            return float(abs(np.linalg.det(self.affine[:3, :3]))) / 1000.0
        spread = [
            np.gradient(self.points, axis, axis=k) for k, axis in enumerate((np.arange(self.shape[0]), self.rows, self.columns))
        ]
        volumes = np.abs(np.linalg.det(np.stack(spread, axis=-1))) / 1000.0
        down, across = interpolation_weights(self.rows), interpolation_weights(self.columns)
        return np.einsum("hr,drc,wc->dhw", down, volumes, across, optimize=True).astype(np.float32)


def voxel_lattice(node: Any) -> VoxelLattice:
    """Return the lattice of a volume node with voxels.

    Raises
    ------
    GeometryError
        The transform places voxels nowhere (not finite).
    """
    columns, rows, slices = node.GetImageData().GetDimensions()
    shape = (slices, rows, columns)
    own = index_to_ras(node)
    parent = node.GetParentTransformNode()
    if parent is None or parent.IsTransformToWorldLinear():
        return _linear(shape, _world_matrix(parent) @ own)
    to_world = vtk.vtkGeneralTransform()
    slicer.vtkMRMLTransformNode.GetTransformBetweenNodes(parent, None, to_world)
    steps = [max(1, round(_FIRST_STEP_MM / float(np.linalg.norm(own[:3, axis])))) for axis in (1, 2)]
    while True:
        lattice = _evaluate(shape, own, to_world, steps)
        if max(steps) == 1 or _error_between(lattice, own, to_world) <= _LATTICE_ERROR_MM:
            return lattice
        steps = [max(1, step // 2) for step in steps]


def index_to_ras(node: Any) -> NDArray[np.float64]:
    """Return the matrix (4, 4) from (slice, row, column, 1) to the node's own RAS, its parent transform left out."""
    matrix = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(matrix)
    return slicer.util.arrayFromVTKMatrix(matrix)[:, [2, 1, 0, 3]]


def interpolation_weights(places: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return (N, P) weights that give values at 0 ... N - 1 from values at P growing places, the last of which is N - 1."""
    index = np.arange(places[-1] + 1)
    position = np.interp(index, places, np.arange(len(places)))
    return np.maximum(0.0, 1.0 - np.abs(position[:, None] - np.arange(len(places))))


def _linear(shape: tuple[int, int, int], affine: NDArray[np.float64]) -> VoxelLattice:
    if not np.isfinite(affine).all():
        raise _nowhere()
    rows, columns = (np.unique([0, n - 1]) for n in shape[1:])
    index = _indices(shape[0], rows, columns)
    return VoxelLattice(shape, rows, columns, index @ affine[:3, :3].T + affine[:3, 3], affine, True)


def _evaluate(
    shape: tuple[int, int, int], own: NDArray[np.float64], to_world: vtk.vtkGeneralTransform, steps: list[int]
) -> VoxelLattice:
    rows, columns = (np.append(np.arange(0, n - 1, step), n - 1) for n, step in zip(shape[1:], steps, strict=True))
    index = _indices(shape[0], rows, columns)
    points = _transformed(index @ own[:3, :3].T + own[:3, 3], to_world)
    if not np.isfinite(points).all():
        raise _nowhere()
    known = np.concatenate([index.reshape(-1, 3), np.ones((index.size // 3, 1))], axis=1)
    fit = np.linalg.lstsq(known, points.reshape(-1, 3), rcond=None)[0]
    affine = np.vstack([fit.T, (0.0, 0.0, 0.0, 1.0)])
    residual = float(np.linalg.norm(known @ fit - points.reshape(-1, 3), axis=1).max())
    return VoxelLattice(shape, rows, columns, points, affine, residual <= LINEAR_TOLERANCE_MM)


def _error_between(lattice: VoxelLattice, own: NDArray[np.float64], to_world: vtk.vtkGeneralTransform) -> float:
    """Largest distance in mm between true and interpolated positions, half-way between lattice points of every slice."""
    rows, columns = ((places[1:] + places[:-1]) // 2 for places in (lattice.rows, lattice.columns))
    index = _indices(lattice.shape[0], rows, columns)
    true = _transformed(index @ own[:3, :3].T + own[:3, 3], to_world)
    down, across = interpolation_weights(lattice.rows)[rows], interpolation_weights(lattice.columns)[columns]
    found = np.einsum("hr,drcx,wc->dhwx", down, lattice.points, across, optimize=True)
    return float(np.linalg.norm(true - found, axis=-1).max())


def _indices(slices: int, rows: NDArray[np.int64], columns: NDArray[np.int64]) -> NDArray[np.float64]:
    """(slice, row, column) of the lattice: (D, R, C, 3)."""
    return np.stack(np.meshgrid(np.arange(slices), rows, columns, indexing="ij"), axis=-1).astype(np.float64)


def _transformed(points: NDArray[np.float64], transform: vtk.vtkGeneralTransform) -> NDArray[np.float64]:
    from vtk.util.numpy_support import numpy_to_vtk, vtk_to_numpy

    source, target = vtk.vtkPoints(), vtk.vtkPoints()
    source.SetData(numpy_to_vtk(np.ascontiguousarray(points.reshape(-1, 3)), deep=True))
    target.SetDataTypeToDouble()
    transform.TransformPoints(source, target)
    return vtk_to_numpy(target.GetData()).reshape(points.shape).astype(np.float64)


def _world_matrix(parent: Any) -> NDArray[np.float64]:
    matrix = vtk.vtkMatrix4x4()
    if parent is not None:
        parent.GetMatrixTransformToWorld(matrix)
    return slicer.util.arrayFromVTKMatrix(matrix)


def _nowhere() -> GeometryError:
    return GeometryError(_("The CT's transform places voxels nowhere: remove or correct the transform in the Transforms module."))
