"""Values that scanners write where they measured nothing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

#: The lowest value of a 12-bit CT; what padding is replaced by. Real measurements below it are noise around air.
AIR_HU = -1024.0

#: A padding value above this could also be tissue: then only voxels connected with the slice's border are padding.
_SURELY_PADDING_HU = -800.0


def clip_to_air(hu: NDArray[np.float32]) -> int:
    """Raise everything below `AIR_HU` (padding of -1500, -2000, -3024, ... and noise) to it, in place.

    Infinite values stay, for the checks to find. Returns the number of voxels raised.
    """
    below = (hu < AIR_HU) & (hu > -np.inf)
    count = int(np.count_nonzero(below))
    if count:
        hu[below] = AIR_HU
    return count


def replace_padding(hu: NDArray[np.float32], low: float, high: float) -> int:
    """Replace a slice's declared padding by air, in place.

    Parameters
    ----------
    hu : (H, W) float32
        One slice in HU.
    low, high : float
        Range of the padding in HU (Pixel Padding Value and Range Limit, rescaled).

    Returns
    -------
    int
        Number of voxels replaced. Where the padding could also be a tissue's value, only what is connected with the slice's
        border counts: some exports declare 0 as padding although the slice holds HU.
    """
    padding = (hu >= low - 1e-3) & (hu <= high + 1e-3)
    if high > _SURELY_PADDING_HU and padding.any():
        from scipy import ndimage

        components, _ = ndimage.label(padding)
        border = np.concatenate([components[0], components[-1], components[:, 0], components[:, -1]])
        padding = np.isin(components, np.unique(border[border > 0]))
    hu[padding] = AIR_HU
    return int(np.count_nonzero(padding))
