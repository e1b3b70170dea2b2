"""One plane of voxels, taken out of a volume at any place: quick where the plane is parallel to the volume's slices."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .voxel_lattice import interpolation_weights

#: A plane counts as parallel to the slices if no point leaves that by more than this, in voxels; and as on the volume's rows and
#: columns if it misses them by less than this.
_PARALLEL, _ON_ROWS = 0.002, 0.02


def sample_plane(
    values: NDArray[Any],
    places: NDArray[np.float64],
    rows: NDArray[np.int64],
    columns: NDArray[np.int64],
    *,
    nearest: bool = False,
    outside: float | None = None,
) -> NDArray[Any]:
    """Return the values (H, W) of a plane.

    Parameters
    ----------
    values : (D, H', W') array
    places : (R, C, 3) float64
        Continuous (slice, row, column) of the volume at some pixels of the plane; the others lie linearly between them.
    rows, columns : (R,), (C,) int64
        Which pixels: growing, the last is the plane's last.
    nearest : bool
        Take the nearest voxel instead of interpolating linearly (and rounding, where the values are integers).
    outside : float, optional
        Value more than half a voxel outside of the volume; without it the border is continued.
    """
    last = np.array(values.shape) - 1
    shift = places - np.stack(np.meshgrid([0], rows, columns, indexing="ij"), axis=-1)[0]
    mean = shift.mean(axis=(0, 1))
    if np.abs(shift - mean).max() < _PARALLEL and np.abs(mean[1:] - np.rint(mean[1:])).max() < _ON_ROWS:
        index = [np.arange(pixels[-1] + 1) + round(float(m)) for pixels, m in ((rows, mean[1]), (columns, mean[2]))]
        inside = np.ix_(*(np.clip(i, 0, end) for i, end in zip(index, last[1:], strict=True)))
        height = float(np.clip(mean[0], 0, last[0]))
        plane = _between(values, height, nearest)[inside]
        beyond = abs(mean[0] - height) > 0.5
        is_outside = beyond | np.logical_or.outer(*((i < 0) | (i > end) for i, end in zip(index, last[1:], strict=True)))
    else:
        down, across = interpolation_weights(rows), interpolation_weights(columns)
        index = np.einsum("hr,rcx,wc->hwx", down, places, across, optimize=True)
        within = np.clip(index, 0, last)
        plane = _anywhere(values, np.moveaxis(within, -1, 0), nearest)
        is_outside = np.abs(index - within).max(axis=-1) > 0.5
    if outside is not None:
        plane[is_outside] = outside
    return plane


def _between(values: NDArray[Any], height: float, nearest: bool) -> NDArray[Any]:
    """The slice at a height between two slices."""
    if nearest:
        return values[round(height)]
    below = min(int(height), values.shape[0] - 2) if values.shape[0] > 1 else 0
    weight = np.float32(height - below)
    if weight == 0:
        return values[below]
    return _as_type((1 - weight) * values[below] + weight * values[below + 1], values.dtype)


def _anywhere(values: NDArray[Any], index: NDArray[np.float64], nearest: bool) -> NDArray[Any]:
    """Values at continuous indices (3, H, W) inside the volume."""
    from scipy import ndimage

    if nearest:
        return values[tuple(np.rint(index).astype(np.intp))]
    # Only the slices around the plane: all of them would be read from disk, and converted, each time.
    first, stop = int(index[0].min()), int(index[0].max()) + 2
    index = index - np.array([first, 0, 0])[:, None, None]
    return _as_type(ndimage.map_coordinates(values[first:stop], index, output=np.float32, order=1, mode="nearest"), values.dtype)


def _as_type(plane: NDArray[np.float32], dtype: np.dtype[Any]) -> NDArray[Any]:
    return np.rint(plane).astype(dtype) if np.issubdtype(dtype, np.integer) else plane.astype(dtype)
