"""How deep below the skull each class of a mask lies: what tells subtypes apart without knowing their numbers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hemorrhage.head_ct import HeadCT

from .label_scheme import LabelScheme

_BONE_HU = 250.0
#: Distances are measured on a grid of about this spacing in mm.
_COARSE_MM = 2.0


def label_depths(labels: NDArray[np.integer], ct: HeadCT, scheme: LabelScheme) -> dict[str, float]:
    """Return the median distance in mm from bone of each class that is present.

    Parameters
    ----------
    labels : (D, H, W) integers of `scheme`
    ct : HeadCT

    Returns
    -------
    dict of class name to mm
        Empty if the CT shows no bone.
    """
    from scipy import ndimage

    steps = [max(1, int(_COARSE_MM / spacing)) for spacing in ct.spacing]
    bone = ct.hu[tuple(slice(None, None, step) for step in steps)] > _BONE_HU
    if not bone.any():
        return {}
    distance = ndimage.distance_transform_edt(~bone, sampling=[s * step for s, step in zip(ct.spacing, steps, strict=True)])
    depths = {}
    for value, name in enumerate(scheme.names):
        voxels = np.nonzero(labels == value) if value else ()
        if len(voxels) and voxels[0].size:
            depths[name] = round(float(np.median(distance[tuple(v // step for v, step in zip(voxels, steps, strict=True))])), 1)
    return depths
