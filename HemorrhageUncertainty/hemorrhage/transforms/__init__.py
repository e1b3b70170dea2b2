"""Random spatial transforms of a CT's own millimeter frame, composed into one matrix and applied by one interpolation.

The random numbers are drawn in `transform_preset`, recorded as `operators`, and applied, without any randomness, by `warp`.
"""

from .interpolation import Interpolation
from .operators import Flip, Operator, Rotation, Scaling
from .spatial_transform import SpatialTransform
from .transform_preset import TransformPreset, default_preset, draw_transform, out_of_plane_share
from .warp import Padding, warp, warp_probabilities

__all__ = [
    "Flip",
    "Interpolation",
    "Operator",
    "Padding",
    "Rotation",
    "Scaling",
    "SpatialTransform",
    "TransformPreset",
    "default_preset",
    "draw_transform",
    "out_of_plane_share",
    "warp",
    "warp_probabilities",
]
