"""The space inside the skull, found by density and shape alone: no network, nothing learned.

A voxel of soft tissue belongs to it if a ball of about a centimeter fits there between the bones and can be moved, slice by
slice, from the widest place of the vault to it without passing a narrow gate. Thus the foramen magnum ends the space, orbits
and sinuses stay outside, and holes in the skull are closed by the skull's convex hull.
"""

from __future__ import annotations

from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from .anatomical_axes import AnatomicalAxes
from .head_ct import HeadCT, Spacing

#: Above this a smoothed voxel is bone; what hemorrhages and most calcifications stay below.
_BONE_HU = 150.0
#: Soft tissue without fat, after smoothing.
_LOWEST_SOFT_HU = -60.0
#: Tissue of any kind, as against air and head holder.
_TISSUE_HU = -200.0
#: SD of the smoothing in-plane.
_SMOOTH_MM = 0.8
#: In-plane and between slices, the search works on voxels up to this large.
_PIXEL_MM, _SLICE_MM = 1.3, 2.6
#: The ball that has to fit between the bones has this radius.
_BALL_MM = 6.0
#: A gate is narrow if the ball's center can move over less than this, in a slice (the foramen magnum: 1 to 4).
_GATE_CM2 = 3.0
#: Pieces of bone smaller than this do not count for the skull's hull.
_PIECE_ML = 1.0
#: Further than its radius from the ball's centers lies the rim in which a voxel is partly bone.
_RIM_MM = 1.5
#: SD of the smoothing of the border, in-plane.
_ROUGH_MM = 1.0
#: How far the bone's own density is looked for, to place the border where a voxel is half bone.
_BORDER_MM = 4.0
_BRAIN_HU, _DENSE_BONE_HU = 35.0, 1200.0
#: Less than this is no brain.
_SMALLEST_ML = 50.0

Mask = NDArray[np.bool_]

#: The network's box and the restriction of its samples need the same mask.
_found: WeakKeyDictionary[HeadCT, Mask | None] = WeakKeyDictionary()


def intracranial_mask(ct: HeadCT) -> Mask | None:
    """Return the (D, H, W) mask of what lies inside the inner table of the skull, or None if there is no such space.

    Brain, CSF, dura, blood and air inside the skull are all in it. Where a piece of the skull is missing, its convex hull takes
    its place. Voxels that bone fills by half count as border. Any orientation, spacing or shear; the mask lies on the CT's grid.

    Found once per CT; the array is read-only.
    """
    if ct not in _found:
        mask = _find(ct)
        if mask is not None:
            mask.flags.writeable = False
        _found[ct] = mask
    return _found[ct]


def _find(ct: HeadCT) -> Mask | None:
    axes = AnatomicalAxes.of(ct.affine)
    up = axes.signs[2]
    order = axes.order
    stack = ct.hu.transpose(order)[::up]
    spacing = [ct.spacing[axis] for axis in order]
    # Slices of a tilted gantry are closer than their distance along the table.
    spacing[0] = abs(float(np.linalg.det(ct.affine[:3, :3]))) / (spacing[1] * spacing[2])
    factors = [max(1, int(limit / s)) for limit, s in zip((_SLICE_MM, _PIXEL_MM, _PIXEL_MM), spacing, strict=True)]
    coarse = _block_means(stack, factors)
    a, b, c = (s * f for s, f in zip(spacing, factors, strict=True))
    found = _search(coarse, (a, b, c))
    if found is None:
        return None
    fine = _enlarge(found, factors, stack.shape)[::up]
    return np.ascontiguousarray(fine.transpose(np.argsort(order)))


def _search(hu: NDArray[np.float32], spacing: Spacing) -> Mask | None:
    """Find the space in a stack of axial slices, the lowest first."""
    from scipy import ndimage

    sigma = [0.0, _SMOOTH_MM / spacing[1], _SMOOTH_MM / spacing[2]]
    smooth = ndimage.gaussian_filter(np.clip(hu, -1000, 2000), sigma)
    hull = _hull(smooth > _BONE_HU, smooth > _TISSUE_HU, spacing)
    if not hull.any():
        return None
    box = ndimage.find_objects(hull.astype(np.uint8))[0]
    space = _space(smooth[box], hull[box], spacing)
    if space is None or space.sum() * np.prod(spacing) < 1000 * _SMALLEST_ML:
        return None
    found = np.zeros(hu.shape, bool)
    found[box] = space
    return found


def _space(hu: NDArray[np.float32], hull: Mask, spacing: Spacing) -> Mask | None:
    """Find the space inside the convex hull of the skull, in smoothed HU."""
    from scipy import ndimage

    free = (hu <= _BONE_HU) & hull
    # Above and below the stack it goes on as in its last slices; beside it nothing is known to be bone.
    room = ndimage.distance_transform_edt(np.pad(free, ((1, 1), (0, 0), (0, 0)), mode="edge"), sampling=spacing)[1:-1]
    centers = _tracked((hu > _LOWEST_SOFT_HU) & (room > _BALL_MM), spacing)
    if centers is None:
        return None
    reach = ndimage.distance_transform_edt(~centers, sampling=spacing)
    soft = (hu > _LOWEST_SOFT_HU) & (hu < _half_bone(hu, spacing))
    space = _largest(soft & hull & (reach < _BALL_MM + _RIM_MM))
    filled = np.stack([ndimage.binary_fill_holes(each) for each in space])
    # Rough where noise or motion mixes bone and brain.
    smooth = ndimage.gaussian_filter(filled.astype(np.float32), [0, *(_ROUGH_MM / s for s in spacing[1:])])
    return np.asarray(smooth > 0.5)


def _hull(bone: Mask, tissue: Mask, spacing: Spacing) -> Mask:
    """Convex hull of the skull in each slice; where the field of view cuts the head off, it goes to the edge."""
    from scipy import ndimage
    from skimage.morphology import convex_hull_image

    labels, _ = ndimage.label(bone, np.ones((3, 3, 3)))
    large = np.bincount(labels.ravel()) * np.prod(spacing) / 1000 >= _PIECE_ML
    large[0] = False
    skull = large[labels]
    for edge in (np.s_[:, 0], np.s_[:, -1], np.s_[:, :, 0], np.s_[:, :, -1]):
        skull[edge] |= tissue[edge]
    hull = np.zeros_like(skull)
    for k, points in enumerate(skull):
        if points.any(axis=0).sum() > 1 and points.any(axis=1).sum() > 1:  # a point or a line encloses nothing
            hull[k] = convex_hull_image(points, offset_coordinates=False)
    return hull


def _tracked(centers: Mask, spacing: Spacing) -> Mask | None:
    """Follow the space from its widest slice upward and downward, through gates that are wide enough."""
    from scipy import ndimage

    slices = [ndimage.label(each)[0] for each in centers]
    sizes = [np.bincount(each.ravel(), minlength=2) * spacing[1] * spacing[2] / 100 for each in slices]
    widest = [float(each[1:].max()) for each in sizes]
    start = int(np.argmax(widest))
    if widest[start] < _GATE_CM2:
        return None
    kept = np.zeros_like(centers)
    kept[start] = slices[start] == 1 + int(np.argmax(sizes[start][1:]))
    for direction in (1, -1):
        k = start + direction
        while 0 <= k < len(kept):
            touched = np.unique(slices[k][kept[k - direction]])
            wide = [piece for piece in touched if piece and sizes[k][piece] >= _GATE_CM2]
            if not wide:
                break
            kept[k] = np.isin(slices[k], wide)
            k += direction
    return kept


def _half_bone(smooth: NDArray[np.float32], spacing: Spacing) -> NDArray[np.float32]:
    """HU above which a voxel is more than half bone, by the densest bone nearby."""
    from scipy import ndimage

    size = [1, *(2 * round(_BORDER_MM / s) + 1 for s in spacing[1:])]
    densest = np.clip(ndimage.maximum_filter(smooth, size), _BONE_HU, _DENSE_BONE_HU)
    return np.asarray(0.5 * (_BRAIN_HU + densest), np.float32)


def _largest(mask: Mask) -> Mask:
    """Largest connected component."""
    from scipy import ndimage

    labels, count = ndimage.label(mask)
    if not count:
        return mask
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    return np.asarray(labels == sizes.argmax())


def _block_means(stack: NDArray[np.float32], factors: list[int]) -> NDArray[np.float32]:
    """Means of blocks of voxels; the last ones are continued by their border values."""
    padding = [(0, -n % f) for n, f in zip(stack.shape, factors, strict=True)]
    padded = np.pad(stack, padding, mode="edge")
    (a, b, c), (fa, fb, fc) = padded.shape, factors
    blocks = padded.reshape(a // fa, fa, b // fb, fb, c // fc, fc)
    return np.asarray(blocks.mean(axis=(1, 3, 5)), np.float32)


def _enlarge(mask: Mask, factors: list[int], shape: tuple[int, ...]) -> Mask:
    """From blocks back to voxels, with a smooth border."""
    from scipy import ndimage

    if all(f == 1 for f in factors):
        return mask
    scale = 1 / np.array(factors)
    fine = ndimage.affine_transform(mask.astype(np.float32), scale, 0.5 * scale - 0.5, shape, order=1, mode="nearest")
    return np.asarray(fine > 0.5)
