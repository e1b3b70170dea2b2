"""What is read off the posterior maps: volumes with intervals, lesions, ABC/2 and places worth a second look."""

from ..anatomical_axes import AnatomicalAxes
from .abc2 import abc2_ml
from .lesions import find_lesions
from .places import find_places
from .result import build_segmentation
from .volumes import estimate_volumes

__all__ = ["AnatomicalAxes", "abc2_ml", "build_segmentation", "estimate_volumes", "find_lesions", "find_places"]
