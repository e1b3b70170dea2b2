"""Noise that shapes and mottles lesions, scaled by its grain."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .smooth_field import smooth_field

#: Neighboring maxima of smooth noise lie about this many grains apart.
_GRAINS_PER_WAVE = 2.5


def draw_noise(rng: np.random.Generator, shape: Sequence[int], spacing: Sequence[float], grain_mm: float) -> NDArray[np.float32]:
    """Draw a smooth field of mean 0 and standard deviation 1 whose bumps have a radius of about `grain_mm`."""
    return smooth_field(rng, shape, spacing, _GRAINS_PER_WAVE * grain_mm)
