"""Temperature scaling of mean probabilities (Guo et al., ICML 2017).

A network's logits can be divided by a temperature; the mean over samples has no logits. Its logarithm takes their place, as any
logits with this softmax differ from it only by a number per voxel: p_T = softmax(log p / T). T = 1 changes nothing; the label map
never changes, as the order of the classes is kept.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

#: Smallest probability whose logarithm is taken: float32 cannot tell less from zero beside a probability near 1.
PROBABILITY_FLOOR = 1e-7


def tempered(probabilities: NDArray[np.float32], temperature: float) -> NDArray[np.float32]:
    """Return probabilities (C, ...) at a temperature, summing to 1 over the classes again.

    Raises
    ------
    ValueError
        The temperature is not positive.
    """
    if not temperature > 0:
        raise ValueError(f"a temperature must be positive, not {temperature:g}")
    logits = np.log(np.maximum(probabilities, np.float32(PROBABILITY_FLOOR)))
    logits /= np.float32(temperature)
    logits -= logits.max(axis=0)
    np.exp(logits, out=logits)
    logits /= logits.sum(axis=0)
    return logits
