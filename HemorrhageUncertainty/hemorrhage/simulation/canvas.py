"""The working grid on which a head is drawn: canonical coordinates, signed distances and soft-edged painting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .anatomy import Tissue
from .smooth_field import smooth_field

Array = NDArray[np.floating[Any]]
Vector = Sequence[float] | NDArray[np.floating[Any]]
Box = tuple[slice, slice, slice]
WHOLE: Box = (slice(None), slice(None), slice(None))

#: Extent (low, high) of the drawn head in canonical mm: left, posterior, superior of the anterior commissure.
EXTENT = {"x": (-92.0, 92.0), "y": (-112.0, 132.0), "z": (-104.0, 98.0)}


@dataclass
class Canvas:
    """A head being drawn.

    Attributes
    ----------
    x, y, z : (D, H, W) float32
        Canonical coordinates of each voxel in mm: to the left, to posterior and to superior of the anterior commissure of a
        head of standard size (that is the MNI frame with its signs turned). The non-linear warp of the individual is in them.
    hu : (D, H, W) float32
        What was painted so far.
    tissue : (D, H, W) uint8
        `Tissue` of what was painted last.
    spacing : (float, float, float)
        Voxel size in mm of the individual.
    scale : (float, float, float)
        Size of the individual against the canonical head along z, y, x.
    origin : (3,) float64
        Index position of the anterior commissure before the warp.
    warp_margin : float
        Largest displacement of the warp in mm.
    fields : dict
        Signed distances that several parts share.
    """

    x: Array
    y: Array
    z: Array
    hu: Array
    tissue: NDArray[np.uint8]
    spacing: tuple[float, float, float]
    scale: tuple[float, float, float]
    origin: NDArray[np.float64]
    warp_margin: float
    fields: dict[str, Array] = field(default_factory=dict)

    @property
    def softness(self) -> float:
        """Width of a painted edge in canonical mm: about one voxel, so that edges fall between voxels without stairs."""
        return float(np.sqrt(np.mean((np.array(self.spacing) / np.array(self.scale)) ** 2)))

    def box(self, center: Vector, radius: Vector | float) -> Box:
        """Slices that surely hold everything within `radius` of `center` (x, y, z in canonical mm)."""
        radii = np.broadcast_to(np.asarray(radius, dtype=float), (3,)) + self.warp_margin + 2.0
        slices = []
        for axis, canonical in enumerate((2, 1, 0)):
            step = self.spacing[axis] / self.scale[axis]
            low = (center[canonical] - radii[canonical]) / step + self.origin[axis]
            high = (center[canonical] + radii[canonical]) / step + self.origin[axis]
            count = self.hu.shape[axis]
            slices.append(slice(int(np.clip(np.floor(low), 0, count)), int(np.clip(np.ceil(high) + 1, 0, count))))
        return slices[0], slices[1], slices[2]

    def ellipsoid(self, center: Vector, radii: Vector, box: Box = WHOLE) -> Array:
        """Signed distance (first order, negative inside) to an ellipsoid, on `box`."""
        u, v, w = self.x[box] - center[0], self.y[box] - center[1], self.z[box] - center[2]
        return ellipsoid_distance(u, v, w, radii)

    def capsule(self, start: Vector, end: Vector, radius: float, box: Box = WHOLE) -> Array:
        """Signed distance to a capsule (a thick line segment), on `box`."""
        a, b = np.asarray(start, dtype=np.float32), np.asarray(end, dtype=np.float32)
        d = b - a
        u, v, w = self.x[box] - a[0], self.y[box] - a[1], self.z[box] - a[2]
        t = np.clip((u * d[0] + v * d[1] + w * d[2]) / np.float32(d @ d), 0, 1)
        return np.sqrt((u - t * d[0]) ** 2 + (v - t * d[1]) ** 2 + (w - t * d[2]) ** 2) - np.float32(radius)

    def capsule_box(self, start: Vector, end: Vector, radius: float) -> Box:
        """The box of a capsule."""
        a, b = np.asarray(start, dtype=float), np.asarray(end, dtype=float)
        return self.box((a + b) / 2, np.abs(b - a) / 2 + radius)

    def paint(
        self,
        distance: Array,
        hu: Array | np.floating[Any] | float,
        tissue: Tissue | None,
        box: Box = WHOLE,
        strength: float | Array = 1.0,
    ) -> None:
        """Blend `hu` where `distance` is negative, with a soft edge; name the voxels that are more than half covered."""
        weight = np.clip(np.float32(0.5) - distance / np.float32(self.softness), 0, 1)
        if tissue is not None:
            self.tissue[box][weight > 0.5] = tissue
        weight *= strength
        part = self.hu[box]
        part += weight * (hu - part)

    def paint_sheet(self, offset: Array, half: Array | float, hu: float, tissue: Tissue, allowed: Array) -> NDArray[np.bool_]:
        """Blend a sheet thinner than a voxel, its share of each voxel kept whatever way it lies to the grid.

        Parameters
        ----------
        offset : (D, H, W) float
            Signed distance to the middle of the sheet.
        half : float or array
            Half of the sheet's thickness.
        hu, tissue
            What it is made of.
        allowed : (D, H, W) float
            Signed distance to where the sheet may be (negative inside).

        Returns
        -------
        (D, H, W) bool
            The voxels that the sheet passes through.
        """
        width = max(s / k for s, k in zip(self.spacing, self.scale, strict=True))
        nearness = np.clip(1 - np.abs(offset) / width, 0, 1) * np.clip(0.5 - allowed / self.softness, 0, 1)
        through = nearness > 0.5
        self.tissue[through] = tissue
        self.hu += nearness * np.minimum(2 * half / width, 1) * (hu - self.hu)
        return np.asarray(through)

    def field(self, rng: np.random.Generator, wavelength: float | Sequence[float], box: Box = WHOLE) -> Array:
        """Draw a smooth field (SD 1) on `box`; wavelength in mm of the individual."""
        return smooth_field(rng, self.hu[box].shape, self.spacing, wavelength)


def ellipsoid_distance(u: Array, v: Array, w: Array, radii: Vector) -> Array:
    """Signed distance to an ellipsoid about the origin, exact to first order at its surface: |q|(|q| - 1) / |q / r|."""
    a, b, c = (np.float32(1.0 / r) for r in radii)
    u, v, w = (u * a) ** 2, (v * b) ** 2, (w * c) ** 2
    k0 = np.sqrt(u + v + w)
    k1 = np.sqrt(u * a**2 + v * b**2 + w * c**2) + np.float32(1e-6)
    return k0 * (k0 - 1) / k1


def smooth_union(a: Array, b: Array, width: float) -> Array:
    """Union of two signed distances whose crease is rounded over `width` mm."""
    overlap = np.maximum(np.float32(width) - np.abs(a - b), 0)
    return np.minimum(a, b) - overlap**2 * np.float32(0.25 / width)


def smooth_intersection(a: Array, b: Array, width: float) -> Array:
    """Intersection of two signed distances whose edge is rounded over `width` mm."""
    return -smooth_union(-a, -b, width)


def blank_canvas(
    rng: np.random.Generator,
    spacing: tuple[float, float, float],
    scale: tuple[float, float, float],
    warp_mm: float,
    asymmetry: float,
) -> Canvas:
    """Lay out an empty canvas (air) with warped canonical coordinates.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws the warp.
    spacing : tuple of float
        Voxel size in mm along slice, row, column.
    scale : tuple of float
        Size against the canonical head along z, y, x.
    warp_mm : float
        Standard deviation in mm of each component of the slowly varying displacement.
    asymmetry : float
        Bend of the midsagittal plane and left-right shear, in mm at the skull.
    """
    low = np.array([EXTENT[a][0] for a in "zyx"])
    high = np.array([EXTENT[a][1] for a in "zyx"])
    steps = np.array(spacing) / np.array(scale)
    shape = np.ceil((high - low) / steps).astype(int) + 1
    origin = -low / steps
    z, y, x = (
        np.arange(n, dtype=np.float32).reshape([-1 if i == axis else 1 for i in range(3)]) * np.float32(step) + np.float32(start)
        for axis, (n, step, start) in enumerate(zip(shape, steps, low, strict=True))
    )
    displacement = [warp_mm * smooth_field(rng, shape, spacing, length) for length in (95.0, 95.0, 80.0)]
    fine = [0.12 * warp_mm * smooth_field(rng, shape, spacing, 35.0) for _ in range(3)]
    bend = asymmetry * np.sin((y - 10) / 60 + rng.uniform(-1, 1)) + rng.normal(0, 0.01) * z + rng.normal(0, 0.012) * y
    margin = 3.2 * warp_mm + 2 * abs(asymmetry) + 3
    full = np.zeros(tuple(shape), np.float32)
    return Canvas(
        x=(full + x + bend.astype(np.float32) + 0.6 * displacement[0] + fine[0]).astype(np.float32),
        y=(full + y + displacement[1] + fine[1]).astype(np.float32),
        z=(full + z + displacement[2] + fine[2]).astype(np.float32),
        hu=np.full(tuple(shape), -1000, np.float32),
        tissue=np.zeros(tuple(shape), np.uint8),
        spacing=spacing,
        scale=scale,
        origin=origin,
        warp_margin=float(margin),
    )
