"""Results on disk."""

from .save_segmentation import save_segmentation
from .volume_file import write_volume

__all__ = ["save_segmentation", "write_volume"]
