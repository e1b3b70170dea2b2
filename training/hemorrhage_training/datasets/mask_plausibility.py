"""Whether a mask looks like hemorrhage where it lies: finds shifted, mirrored and exchanged masks whose headers agree."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hemorrhage.head_ct import HeadCT

from .defects import CaseDefectError

#: What blood can be in HU with noise and partial volume, from old and thin to clotted and next to bone.
_BLOOD_HU = (-50.0, 250.0)
#: Below this share of voxels with such values the mask is not on tissue at all; below the second it is worth a look.
#: Thin sheets of blood on the skull share many voxels with bone.
_NOT_ON_TISSUE, _HARDLY_ON_TISSUE = 0.5, 0.7
#: Tissue around a hematoma that it is compared with.
_TISSUE_HU = (0.0, 100.0)
#: Only this close to it, in mm: less than the skull's thickness, so that scalp is not compared.
_SHELL_MM = 3.0
#: Fewer voxels say nothing.
_ENOUGH_VOXELS = 20
#: Fresh blood is at least this much denser than what lies around it, in HU; noise alone gives less.
_LEAST_CONTRAST_HU = 3.0
#: A mirrored mask must be brighter than its surroundings by this many HU more than the mask as it is.
_MIRRORED_HU = 8.0
_DIRECTIONS = ("in slice order", "row by row", "column by column")


def implausibilities(labels: NDArray[np.integer], ct: HeadCT) -> tuple[str, ...]:
    """Return what is strange about where a mask lies, one sentence each.

    Parameters
    ----------
    labels : (D, H, W) integers
        0 is background.
    ct : HeadCT

    Raises
    ------
    CaseDefectError
        Half of the mask or more lies in air or bone.
    """
    inside = labels > 0
    count = int(np.count_nonzero(inside))
    if count < _ENOUGH_VOXELS:
        return ()
    values = ct.hu[inside]
    share = float(((values >= _BLOOD_HU[0]) & (values <= _BLOOD_HU[1])).mean())
    if share < _NOT_ON_TISSUE:
        raise CaseDefectError(
            f"only {100 * share:.0f} % of the mask lies on tissue, the rest in air or bone: it is shifted or of another CT"
        )
    warnings = []
    if share < _HARDLY_ON_TISSUE:
        warnings.append(f"Only {100 * share:.0f} % of the mask lies on tissue: it may be shifted.")
    contrast = contrast_hu(inside, ct)
    if contrast is not None and contrast < _LEAST_CONTRAST_HU:
        mirrored = _brightest_mirroring(inside, ct)
        if mirrored is not None and mirrored[1] > contrast + _MIRRORED_HU:
            warnings.append(f"The mask fits better mirrored {mirrored[0]}: it may lie the wrong way round.")
        else:
            warnings.append("The mask is hardly denser than the tissue around it: it may be shifted, or the blood old.")
    return tuple(warnings)


def contrast_hu(inside: NDArray[np.bool_], ct: HeadCT) -> float | None:
    """Mean HU of a mask's voxels above that of the tissue around it (in the slices' planes), or None if there is none around."""
    from scipy import ndimage

    reach = max(1, round(_SHELL_MM / max(ct.spacing[1:])))
    # In-plane only: the next slice is millimeters away and may show something else.
    spread = np.zeros((3, 3, 3), dtype=bool)
    spread[1] = True
    box = tuple(
        slice(max(0, int(found[0]) - reach), int(found[-1]) + 1 + reach)
        for axis in range(3)
        if (found := np.flatnonzero(inside.any(axis=tuple(other for other in range(3) if other != axis)))).size
    )
    mask, hu = inside[box], ct.hu[box]
    around = ndimage.binary_dilation(mask, spread, iterations=reach) & ~mask & (hu >= _TISSUE_HU[0]) & (hu <= _TISSUE_HU[1])
    within = mask & (hu >= _BLOOD_HU[0]) & (hu <= _BLOOD_HU[1])
    if not (around.any() and within.any()):
        return None
    return float(hu[within].mean() - hu[around].mean())


def _brightest_mirroring(inside: NDArray[np.bool_], ct: HeadCT) -> tuple[str, float] | None:
    contrasts = [(name, contrast_hu(np.flip(inside, axis), ct)) for axis, name in enumerate(_DIRECTIONS)]
    return max(((name, value) for name, value in contrasts if value is not None), key=lambda pair: pair[1], default=None)
