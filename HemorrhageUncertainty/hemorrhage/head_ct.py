"""A head CT: Hounsfield units on a regular grid, and where that grid lies in the patient."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import GeometryError, NotAVolumeError

Spacing = tuple[float, float, float]


@dataclass(frozen=True, eq=False)
class HeadCT:
    """A non-contrast head CT.

    Attributes
    ----------
    hu : (D, H, W) float32
        Hounsfield units; axes slice, row, column of the stored grid (D varies slowest in the file's z direction).
    affine : (4, 4) float64
        Maps homogeneous index coordinates ``(slice, row, column, 1)`` to patient coordinates R, A, S in mm.
        May be oblique, left-handed or sheared (tilted gantry).
    source : str
        What was read (path, or a description such as ``"simulated, seed 0"``).
    warnings : tuple of str
        What the reader noticed and the user should know, one sentence each.
    metadata : mapping
        Scalars worth keeping as provenance (series description, gantry tilt in degrees, original spacing, ...); JSON-able.
    """

    hu: NDArray[np.float32]
    affine: NDArray[np.float64]
    source: str = ""
    warnings: tuple[str, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.hu.ndim != 3:
            raise NotAVolumeError(f"a head CT is a 3D volume, but this array has {self.hu.ndim} dimensions")
        if self.affine.shape != (4, 4) or not np.isfinite(self.affine).all():
            raise GeometryError("the index-to-patient matrix must be 4 x 4 and finite")
        if abs(np.linalg.det(self.affine[:3, :3])) < 1e-9:
            raise GeometryError("the index-to-patient matrix is singular: a voxel would have no volume")
        object.__setattr__(self, "hu", np.asarray(self.hu, dtype=np.float32))
        object.__setattr__(self, "affine", np.asarray(self.affine, dtype=np.float64))

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number of slices, rows and columns."""
        d, h, w = self.hu.shape
        return d, h, w

    @property
    def spacing(self) -> Spacing:
        """Distance in mm between neighbouring voxels along slice, row and column (lengths of the affine's columns)."""
        d, h, w = np.linalg.norm(self.affine[:3, :3], axis=0)
        return float(d), float(h), float(w)

    @property
    def voxel_volume_ml(self) -> float:
        """Volume of one voxel in mL: |det| of the index-to-patient matrix, right also where it is sheared."""
        return float(abs(np.linalg.det(self.affine[:3, :3]))) / 1000.0
