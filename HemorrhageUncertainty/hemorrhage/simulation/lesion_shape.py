"""What the five subtypes have in common: a plan, a level-set shape that reaches a volume, and boxes to compute in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .anatomy import Anatomy

Box = tuple[slice, slice, slice]


@dataclass(frozen=True)
class BleedPlan:
    """One hemorrhage to be drawn.

    Attributes
    ----------
    name : str
        ``"EDH"``, ``"IPH"``, ``"IVH"``, ``"SAH"`` or ``"SDH"``.
    volume_ml : float
        Volume to reach where the anatomy has room for it.
    pattern : str
        Variant of the subtype, e.g. ``"deep"``, ``"contusion"``, ``"falx"``, ``"layering"``; empty = drawn.
    side : int
        +1 patient's left, -1 right, 0 = drawn.
    stage : str
        ``"acute"``, ``"subacute"`` or ``"mixed"``.
    place : str
        Landmark without its side (``"temporal"``, ``"thalamus"``, ...); empty = drawn.
    """

    name: str
    volume_ml: float
    pattern: str = ""
    side: int = 0
    stage: str = "acute"
    place: str = ""


@dataclass(eq=False)
class LesionShape:
    """A family of nested level sets in a box; the threshold that gives the wanted volume picks one.

    Attributes
    ----------
    box : tuple of slice
        Where the arrays lie on the working grid.
    score : float32
        Larger = more inside.
    mm_per_unit : float32 array or float
        Turns score differences into approximate mm, so that ``(score - threshold) * mm_per_unit`` is a level in mm.
    allowed : bool
        Voxels the lesion may fill.
    center : (3,) float64
        Index position of the lesion's center on the working grid.
    edge_mm : float
        Width of the soft edge.
    description : dict
        JSON-able.
    """

    box: Box
    score: NDArray[np.float32]
    mm_per_unit: NDArray[np.float32] | float
    allowed: NDArray[np.bool_]
    center: NDArray[np.float64]
    edge_mm: float = 0.7
    description: dict[str, Any] = field(default_factory=dict)

    def threshold(self, volume_ml: float, voxel_ml: float) -> float:
        """Return the score above which the allowed voxels add up to `volume_ml` (or to all of them)."""
        values = self.score[self.allowed]
        if values.size == 0:
            return np.inf
        count = int(np.clip(round(volume_ml / voxel_ml), 1, values.size))
        return float(np.partition(values, values.size - count)[values.size - count])

    def level(self, threshold: float) -> NDArray[np.float32]:
        """Approximate signed distance in mm to the surface, positive inside (the threshold's own voxels included)."""
        if not np.isfinite(threshold):
            return np.full(self.score.shape, -1e3, np.float32)
        return np.asarray((self.score - threshold) * self.mm_per_unit + 1e-4, np.float32)


def voxel_ml(anatomy: Anatomy) -> float:
    """Volume of a voxel of the working grid in mL."""
    return float(np.prod(anatomy.spacing)) / 1000.0


def box_around(anatomy: Anatomy, center: Sequence[float] | NDArray[np.float64], reach_mm: float) -> Box:
    """Return the box of half-width `reach_mm` around an index position, clipped to the grid and never empty."""
    edges = []
    for c, step, n in zip(center, anatomy.spacing, anatomy.shape, strict=True):
        c = float(np.clip(c, 0, n - 1))
        edges.append(slice(max(0, int(c - reach_mm / step)), min(n, int(c + reach_mm / step) + 2)))
    return edges[0], edges[1], edges[2]


def bounding_box(mask: NDArray[np.bool_], margin: int = 0) -> Box:
    """Smallest box around a mask (the whole grid if the mask is empty), grown by `margin` voxels."""
    edges = []
    for axis, n in enumerate(mask.shape):
        hit = np.flatnonzero(mask.any(axis=tuple(a for a in range(3) if a != axis)))
        edges.append(slice(max(0, hit[0] - margin), min(n, hit[-1] + 1 + margin)) if hit.size else slice(0, n))
    return edges[0], edges[1], edges[2]


def offsets_mm(anatomy: Anatomy, box: Box, center: NDArray[np.float64]) -> list[NDArray[np.float32]]:
    """Open grids of the displacement from an index position in mm, one per axis, broadcastable to the box."""
    grids = []
    for axis in range(3):
        x = (np.arange(box[axis].start, box[axis].stop) - center[axis]) * anatomy.spacing[axis]
        shape = [1, 1, 1]
        shape[axis] = -1
        grids.append(x.astype(np.float32).reshape(shape))
    return grids


def draw_side(rng: np.random.Generator, plan: BleedPlan) -> int:
    """Return the plan's side, or draw one."""
    return plan.side if plan.side else int(rng.choice((-1, 1)))


def landmark(anatomy: Anatomy, place: str, side: int) -> NDArray[np.float64]:
    """Return a landmark's index position; midline landmarks ignore the side."""
    name = place if place in anatomy.landmarks else f"{place}_{'left' if side > 0 else 'right'}"
    return np.asarray(anatomy.landmarks[name], np.float64)


def nearest_voxel(
    mask: NDArray[np.bool_], point: NDArray[np.float64], spacing: Sequence[float], reach_mm: float = 40.0
) -> NDArray[np.float64] | None:
    """Return the index of the mask's voxel nearest to a point, looking up to `reach_mm` first and then everywhere."""
    step = np.asarray(spacing)
    lo = np.clip((point - reach_mm / step).astype(int), 0, np.array(mask.shape) - 1)
    hi = np.clip((point + reach_mm / step).astype(int) + 2, lo + 1, mask.shape)
    index = np.argwhere(mask[lo[0] : hi[0], lo[1] : hi[1], lo[2] : hi[2]]) + lo
    if not len(index):
        index = np.argwhere(mask)
    if not len(index):
        return None
    return index[np.argmin((((index - point) * step) ** 2).sum(1))].astype(np.float64)


def unit_gradient(values: NDArray[np.float32], spacing: Sequence[float]) -> list[NDArray[np.float32]]:
    """Gradient direction of a scalar field, one array per axis, of length 1 where the gradient is not flat."""
    g = np.gradient(values, *spacing)
    norm = np.sqrt(g[0] ** 2 + g[1] ** 2 + g[2] ** 2) + 1e-6
    return [np.asarray(a / norm, np.float32) for a in g]
