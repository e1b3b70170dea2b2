"""ABC/2, the bedside estimate of a hematoma's volume (Kothari et al., Stroke 1996;27:1304-1305)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import ConvexHull, QhullError
from scipy.spatial.distance import pdist, squareform

from ..anatomical_axes import AnatomicalAxes

#: A slice whose hemorrhage area is above the first share of the largest area counts as one slice, above the second as half.
WHOLE_SLICE_SHARE, HALF_SLICE_SHARE = 0.75, 0.25

_EDGE_MIDPOINTS = np.array([(-0.5, 0.0), (0.5, 0.0), (0.0, -0.5), (0.0, 0.5)])


def abc2_ml(lesion: NDArray[np.bool_], affine: NDArray[np.float64]) -> float:
    """Return A x B x C / 2 of one lesion in mL.

    A is the largest diameter on the axial slice with the largest area, B the lesion's extent at right angles to A on that slice,
    C the number of slices (above 75 % of the largest area: 1; 25 to 75 %: 0.5; below: 0) times the distance between slices.
    Lengths are in patient space, so that any orientation, anisotropy or shear of the grid is honored; a slice is a plane of the
    array axis closest to the patient's S axis. Diameters run between the midpoints of the outermost voxel edges.

    Parameters
    ----------
    lesion : (D, H, W) bool
        The lesion, cropped or not.
    affine : (4, 4) float64
        Index-to-RAS matrix in mm; only its 3x3 part matters.

    Returns
    -------
    float
        0 where `lesion` is empty. Weighting the slices shortens C: on thin slices an ellipsoid comes out about a third too small.
    """
    axis = AnatomicalAxes.of(affine).superior
    slices = np.moveaxis(lesion, axis, 0)
    areas = np.count_nonzero(slices, axis=(1, 2))
    largest = int(areas.max(initial=0))
    if largest == 0:
        return 0.0
    columns = affine[:3, :3]
    in_plane = np.delete(columns, axis, axis=1)
    basis, _ = np.linalg.qr(in_plane)
    pixels = np.argwhere(slices[int(areas.argmax())])
    points = (pixels[:, None, :] + _EDGE_MIDPOINTS).reshape(-1, 2) @ (basis.T @ in_plane).T
    a, b = _diameters(points)
    normal = np.cross(basis[:, 0], basis[:, 1])
    slice_distance = abs(float(normal @ columns[:, axis]))
    share = areas / largest
    count = np.count_nonzero(share > WHOLE_SLICE_SHARE) + 0.5 * np.count_nonzero(
        (share >= HALF_SLICE_SHARE) & (share <= WHOLE_SLICE_SHARE)
    )
    return float(a * b * count * slice_distance / 2.0 / 1000.0)


def _diameters(points: NDArray[np.float64]) -> tuple[float, float]:
    """Return the largest distance between two (N, 2) points, and the points' extent at right angles to it."""
    try:
        points = points[ConvexHull(points).vertices]
    except QhullError:  # all on one line, which edge midpoints of a voxel never are unless the grid is degenerate
        points = np.unique(points, axis=0)
    distances = squareform(pdist(points))
    first, second = np.unravel_index(int(distances.argmax()), distances.shape)
    longest = points[second] - points[first]
    length = float(np.hypot(*longest))
    across = points @ (np.array([-longest[1], longest[0]]) / length)
    return length, float(np.ptp(across))
