"""Methods of uncertainty: each draws plausible segmentations of one CT."""

from .sampler import Sample, Sampler
from .working_grid import WorkingGrid

__all__ = ["Sample", "Sampler", "WorkingGrid"]
