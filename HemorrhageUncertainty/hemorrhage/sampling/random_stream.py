"""Random numbers of one sample, independent of how many other samples are drawn."""

from __future__ import annotations

import numpy as np

from ..errors import ArgumentError


def random_stream(seed: int, *key: int) -> np.random.Generator:
    """Return the generator that belongs to a seed and a key, such as the index of a sample.

    Raises
    ------
    ArgumentError
        The seed is negative.
    """
    if seed < 0:
        raise ArgumentError(f"the seed must be 0 or more, got {seed}")
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))
