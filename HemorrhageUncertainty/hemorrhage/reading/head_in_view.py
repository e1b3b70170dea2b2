"""Is there a head in the field of view? A large region of brain-like HU must lie inside bone."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

import numpy as np
from numpy.typing import NDArray

from ..head_ct import Spacing

#: The search works on blocks of about this size, which average noise away.
_BLOCK_MM = 4.0
#: Standard deviation of the smoothing on top, for noisy CT.
_SMOOTH_MM = 3.0
#: CSF to dense blood, after averaging.
_BRAIN_HU = (-15.0, 110.0)
#: What no voxel of a brain leaves before smoothing, however noisy: pure noise does.
_SOFT_HU = (-150.0, 250.0)
#: Bone after averaging: thin or smoothed skull still is above this.
_BONE_HU = 200.0
#: The brain's core: this far from anything that is not brain-like, so that scalp and muscle do not connect with it.
_CORE_MM = 5.0
#: The core's surface counts as covered by skull where bone is this close.
_NEAR_BONE_MM = 15.0
_MIN_CORE_ML = 5.0
_HEAD_COVER, _NO_HEAD_COVER = 0.5, 0.2


class HeadEvidence(Enum):
    """Verdict of `look_for_head`."""

    HEAD = auto()
    DOUBTFUL = auto()
    NONE = auto()


@dataclass(frozen=True)
class HeadSearch:
    """What was found, and the numbers behind it.

    Attributes
    ----------
    verdict : HeadEvidence
    core_ml : float
        Volume of the largest brain-like region, eroded by 5 mm, in mL.
    bone_cover : float
        Share of that region's surface with bone within 15 mm, in [0, 1]; a cut by the edge of the field of view is no surface.
    reason : str
        The same in words.
    """

    verdict: HeadEvidence
    core_ml: float
    bone_cover: float
    reason: str


def look_for_head(hu: NDArray[np.float32], spacing: Spacing) -> HeadSearch:
    """Look for a brain inside a skull.

    Parameters
    ----------
    hu : (D, H, W) float32
        Finite Hounsfield units, any orientation, at least one slice of brain.
    spacing : (slice, row, column) in mm

    Returns
    -------
    HeadSearch
    """
    from scipy import ndimage

    coarse, coarse_spacing = _block_means(hu, spacing)
    # Limited first, so that skull and air do not bleed far into the brain.
    smooth = ndimage.gaussian_filter(coarse.clip(-200, 300), [_SMOOTH_MM / s for s in coarse_spacing])
    brain_like = (smooth > _BRAIN_HU[0]) & (smooth < _BRAIN_HU[1]) & (coarse > _SOFT_HU[0]) & (coarse < _SOFT_HU[1])
    if brain_like.all():
        return HeadSearch(HeadEvidence.NONE, 0.0, 0.0, "everything has one density")
    # On a coarse grid at least the nearest neighbors must be brain-like too.
    depth = max(_CORE_MM, 1.01 * min(coarse_spacing))
    core = ndimage.distance_transform_edt(brain_like, sampling=coarse_spacing) > depth
    components, count = ndimage.label(core)
    if count == 0:
        return HeadSearch(HeadEvidence.NONE, 0.0, 0.0, "no region has the density of brain")
    sizes = np.bincount(components.ravel())[1:]
    core = components == int(sizes.argmax()) + 1
    core_ml = float(sizes.max() * np.prod(coarse_spacing) / 1000.0)
    if core_ml < _MIN_CORE_ML:
        return HeadSearch(HeadEvidence.NONE, core_ml, 0.0, f"only {core_ml:.1f} mL have the density of brain")
    bone = coarse > _BONE_HU
    if not bone.any():
        return HeadSearch(HeadEvidence.NONE, core_ml, 0.0, "there is no bone")
    # What the core encloses (a spine, calcified vessels) does not enclose the core.
    core = _without_holes(core)
    surface = core & ~ndimage.binary_erosion(core, border_value=1)
    to_bone = ndimage.distance_transform_edt(~bone, sampling=coarse_spacing)
    cover = float((to_bone[surface] <= _NEAR_BONE_MM).mean()) if surface.any() else 0.0
    reason = f"bone surrounds {100 * cover:.0f} % of the largest region with the density of brain, {core_ml:.0f} mL"
    if cover >= _HEAD_COVER:
        return HeadSearch(HeadEvidence.HEAD, core_ml, cover, reason)
    return HeadSearch(HeadEvidence.DOUBTFUL if cover >= _NO_HEAD_COVER else HeadEvidence.NONE, core_ml, cover, reason)


def _without_holes(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Fill what is enclosed within any plane of the three axes."""
    from scipy import ndimage

    filled = mask.copy()
    for axis in range(3):
        for k in range(mask.shape[axis]):
            plane: tuple[slice | int, ...] = tuple(k if a == axis else slice(None) for a in range(3))
            filled[plane] |= ndimage.binary_fill_holes(mask[plane])
    return filled


def _block_means(hu: NDArray[np.float32], spacing: Spacing) -> tuple[NDArray[np.float32], Spacing]:
    """Mean HU of blocks of about 4 mm; HU are limited to [-1024, 1000] so that metal does not outweigh its surroundings."""
    factors = [max(1, min(n, round(_BLOCK_MM / s))) for n, s in zip(hu.shape, spacing, strict=True)]
    cropped = hu[tuple(slice(0, n - n % f) for n, f in zip(hu.shape, factors, strict=True))]
    (depth, rows, columns), (fd, fh, fw) = cropped.shape, factors
    means = np.empty((depth // fd, rows // fh, columns // fw), dtype=np.float32)
    for k in range(depth // fd):  # layer by layer: a copy of the whole CT would double the memory
        layer = np.clip(cropped[k * fd : (k + 1) * fd], -1024, 1000)
        means[k] = layer.reshape(fd, rows // fh, fh, columns // fw, fw).mean(axis=(0, 2, 4), dtype=np.float32)
    d, h, w = (float(s * f) for s, f in zip(spacing, factors, strict=True))
    return means, (d, h, w)
