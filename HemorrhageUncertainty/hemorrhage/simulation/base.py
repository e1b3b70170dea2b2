"""Real anatomy as the base of a simulated case: a CT or template whose head is non-linearly deformed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .anatomy import Anatomy


@dataclass(frozen=True, eq=False)
class Base:
    """Anatomy derived from a real CT, on the working grid (superior, posterior, left)."""

    anatomy: Anatomy


def load_base(path):
    raise NotImplementedError


def deform_base(base, rng):
    raise NotImplementedError
