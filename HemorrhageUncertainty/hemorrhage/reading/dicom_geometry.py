"""From slices at their true places to a regular, possibly sheared, grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import GeometryError
from .dicom_stack import SliceStack
from .simpleitk_bridge import LPS_TO_RAS
from .source_slices import SourceSlice

#: Deviations from even spacing below this are rounding of the headers: share of the spacing, and mm.
_EVEN_SHARE, _EVEN_MM = 0.01, 0.03
#: In-plane movement of the field of view below this is rounding, in mm.
_SAME_FIELD_MM = 0.05
#: A step size must make up this share of all steps to be the new grid's.
_COMMON_STEP = 0.2
#: Grid slices this close to a source slice, as a share of the spacing, are that slice, without interpolation.
_COINCIDES = 1e-3


@dataclass(frozen=True, eq=False)
class RegularGrid:
    """Slices on a regular grid.

    Attributes
    ----------
    hu : (D, H, W) float32
    affine : (4, 4) float64
        (slice, row, column, 1) to R, A, S in mm; sheared where the gantry was tilted.
    sources : tuple of SourceSlice
    resampled : bool
        Whether the spacing was uneven (or the field of view moved), so that slices had to be interpolated.
    """

    hu: NDArray[np.float32]
    affine: NDArray[np.float64]
    sources: tuple[SourceSlice, ...]
    resampled: bool


def to_regular_grid(stack: SliceStack, file_names: tuple[str, ...]) -> RegularGrid:
    """Put slices on a regular grid along the direction in which they follow each other.

    With even spacing nothing is interpolated: the table's direction becomes the matrix's slice column, so a tilted gantry gives a
    shear. With uneven spacing the finest common step is the new one, the grid is anchored in the zone scanned with it (those
    slices are kept as they are), and each other grid slice is a linear mixture of its two neighbors in the same sheared frame.

    Parameters
    ----------
    stack : SliceStack
    file_names : tuple of N str
        What to call the source slices.

    Raises
    ------
    GeometryError
        The slices follow each other at more than 45 degrees to their normal.
    """
    first = stack.headers[0]
    right, down = first.orientation
    normal = np.cross(right, down)
    row_mm, column_mm = first.pixel_spacing
    direction = _direction(stack.positions, normal)
    if normal @ direction < np.cos(np.radians(45)):
        raise GeometryError(
            f"{first.path.parent}: the slices are shifted against each other by more than their distance, export them again"
        )
    places = (stack.positions - stack.positions[0]) @ normal / (normal @ direction)
    in_plane = stack.positions - stack.positions[0] - places[:, None] * direction
    offsets = np.stack([in_plane @ down / row_mm, in_plane @ right / column_mm], axis=1)
    if np.abs(in_plane).max() <= _SAME_FIELD_MM:
        offsets[:] = 0.0
    count = len(places)
    even = places[-1] / (count - 1)
    is_even = np.abs(places - even * np.arange(count)).max() <= max(_EVEN_SHARE * even, _EVEN_MM)
    if is_even and not offsets.any():
        grid, step, hu = even * np.arange(count), even, stack.hu
    else:
        grid, step = (even * np.arange(count), even) if is_even else regular_places(places)
        hu = _interpolate(_moved(stack.hu, offsets), places, grid)
    affine = np.eye(4)
    affine[:3, 0] = step * direction
    affine[:3, 1] = row_mm * down
    affine[:3, 2] = column_mm * right
    affine[:3, 3] = stack.positions[0] + grid[0] * direction
    indices = np.arange(count, dtype=np.float64) if hu is stack.hu else (places - grid[0]) / step
    sources = tuple(
        SourceSlice(
            file=file_names[i],
            sop_instance_uid=header.text("SOPInstanceUID"),
            instance_number=None if (number := header.number("InstanceNumber")) is None else int(number),
            position_ras=(-float(stack.positions[i, 0]), -float(stack.positions[i, 1]), float(stack.positions[i, 2])),
            slice_index=float(indices[i]),
            row_offset=float(offsets[i, 0]),
            column_offset=float(offsets[i, 1]),
        )
        for i, header in enumerate(stack.headers)
    )
    return RegularGrid(hu, LPS_TO_RAS @ affine, sources, resampled=hu is not stack.hu)


def regular_places(places: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Choose a regular grid for uneven places along the table.

    Parameters
    ----------
    places : (N,) float64
        Growing, the first is 0, in mm.

    Returns
    -------
    grid : (D,) float64
        Places of the new slices; the ends reach at most half a step beyond the outermost slices.
    step : float
        The finest step that makes up a fifth of all steps (the median if there is none).
    """
    steps = np.diff(places)
    similar = np.abs(steps[:, None] - steps[None, :]) <= 0.02 * steps[:, None]
    common = steps[similar.mean(axis=1) >= _COMMON_STEP]
    target = float(common.min()) if common.size else float(np.median(steps))
    members = np.flatnonzero(np.abs(steps - target) <= 0.02 * target)
    if members.size:
        runs = np.split(members, np.flatnonzero(np.diff(members) > 1) + 1)
        run = max(runs, key=len)
        step = float((places[run[-1] + 1] - places[run[0]]) / len(run))
        anchor = float(places[run[0]])
    else:
        step, anchor = target, 0.0
    reach = 0.5 + 1e-6
    before = int(np.floor(anchor / step + reach))
    after = int(np.floor((places[-1] - anchor) / step + reach))
    return anchor + step * np.arange(-before, after + 1, dtype=np.float64), step


def _direction(positions: NDArray[np.float64], normal: NDArray[np.float64]) -> NDArray[np.float64]:
    """Unit vector in which the slices follow each other: end to end, or the median step where the field of view moved."""
    whole = positions[-1] - positions[0]
    direction = whole / np.linalg.norm(whole)
    heights = (positions - positions[0]) @ normal
    off_line = positions - positions[0] - np.outer(heights / (normal @ direction), direction)
    if np.abs(off_line).max() > _SAME_FIELD_MM:
        steps = np.diff(positions, axis=0) / np.diff(heights)[:, None]
        median = np.median(steps, axis=0)
        direction = median / np.linalg.norm(median)
    return direction


def _moved(hu: NDArray[np.float32], offsets: NDArray[np.float64]) -> NDArray[np.float32]:
    """Shift slices in their plane by (row, column) pixels, so that they lie in one frame; air comes in from outside."""
    if not offsets.any():
        return hu
    from scipy import ndimage

    return np.stack(
        [
            ndimage.shift(plane, o, order=1, mode="constant", cval=-1024.0) if o.any() else plane
            for plane, o in zip(hu, offsets, strict=True)
        ]
    )


def _interpolate(hu: NDArray[np.float32], places: NDArray[np.float64], grid: NDArray[np.float64]) -> NDArray[np.float32]:
    """Mix each grid slice linearly from the two source slices around it; beyond the ends the outermost slice is repeated."""
    step = float(grid[1] - grid[0])
    result = np.empty((len(grid), *hu.shape[1:]), dtype=np.float32)
    for k, place in enumerate(np.clip(grid, places[0], places[-1])):
        nearest = int(np.abs(places - place).argmin())
        if abs(places[nearest] - place) <= _COINCIDES * step:
            result[k] = hu[nearest]
            continue
        below = int(np.searchsorted(places, place)) - 1
        weight = np.float32((place - places[below]) / (places[below + 1] - places[below]))
        result[k] = (1 - weight) * hu[below] + weight * hu[below + 1]
    return result
