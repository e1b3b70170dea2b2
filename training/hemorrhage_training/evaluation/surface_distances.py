"""Distances between the surfaces of two masks in mm of patient space: HD, HD95 and ASSD."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import cKDTree


@dataclass(frozen=True)
class SurfaceDistances:
    """Distances between two surfaces.

    Attributes
    ----------
    hd_mm : float
        Hausdorff distance: the largest distance from a point of either surface to the other surface.
    hd95_mm : float
        The larger of the two directed 95 % quantiles.
    assd_mm : float
        Average symmetric surface distance: mean over the points of both surfaces together.
    """

    hd_mm: float
    hd95_mm: float
    assd_mm: float


def surface_distances(
    predicted: NDArray[np.bool_], reference: NDArray[np.bool_], affine: NDArray[np.float64]
) -> SurfaceDistances | None:
    """Measure how far apart the surfaces of two masks are.

    The surface of a mask is its voxels with a face towards the outside; a face on the array's border counts as such. The
    voxels' centers are carried to patient space with the whole matrix, so that the distances also hold on a sheared grid
    (tilted gantry), where a distance transform with three spacings would be wrong.

    Parameters
    ----------
    predicted, reference : (D, H, W) bool
    affine : (4, 4) float64
        Index (slice, row, column) to patient coordinates in mm.

    Returns
    -------
    SurfaceDistances or None
        None where a mask is empty: there is no distance then.
    """
    boxes = [ndimage.find_objects(mask.view(np.uint8))[:1] for mask in (predicted, reference)]
    if not boxes[0] or not boxes[1]:
        return None
    points = [
        _surface_points(mask[box[0]], [extent.start for extent in box[0]], affine)
        for mask, box in zip((predicted, reference), boxes, strict=True)
    ]
    forth = cKDTree(points[1]).query(points[0])[0]
    back = cKDTree(points[0]).query(points[1])[0]
    return SurfaceDistances(
        hd_mm=float(max(forth.max(), back.max())),
        hd95_mm=float(max(np.percentile(forth, 95), np.percentile(back, 95))),
        assd_mm=float((forth.sum() + back.sum()) / (len(forth) + len(back))),
    )


def _surface_points(mask: NDArray[np.bool_], start: list[int], affine: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the (N, 3) centers in mm of a mask's surface voxels; the mask is cut out of the array at index `start`."""
    surface = mask & ~ndimage.binary_erosion(mask)
    return np.asarray((np.argwhere(surface) + start) @ affine[:3, :3].T)
