"""From which distribution transforms are drawn: the only place of the transforms with a random generator."""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import StrEnum

import numpy as np

from ..errors import ArgumentError
from ..head_ct import Spacing
from .operators import Axis, Flip, Operator, Rotation, Scaling
from .spatial_transform import SpatialTransform

#: Largest rotation in degrees and largest deviation of a scaling factor from 1 (section IV.A of the paper).
MAX_ANGLE_DEG = 10.0
MAX_SCALING = 0.1


class TransformPreset(StrEnum):
    """A named distribution of operators.

    Every operator is, with equal probability, a rotation (angle uniform in [-10, 10] degrees about an axis uniform on the
    sphere), a flip (across the plane normal to one of the three array axes) or a scaling (factor uniform in [0.9, 1.1]
    along one of the three array axes).

    `PAPER` is exactly that. `ANISOTROPIC` limits what would mix thick slices, because interpolating between them smears skull
    into brain, which looks like blood: the part of a rotation that tilts slices, and the stretch along the slice axis, are
    multiplied by `out_of_plane_share`. The angle of a rotation stays what was drawn: what the tilt loses, the rotation
    within the slice gains. For a share of 1 slices are mixed as in `PAPER`; for 0 they never are. Its flips may be limited to
    axes along which the network was trained with mirroring: a head upside down says nothing about a network that never saw one.
    """

    PAPER = "paper"
    ANISOTROPIC = "anisotropic"


def out_of_plane_share(spacing: Spacing) -> float:
    """Return how much of the out-of-plane part of an operator `ANISOTROPIC` keeps, in [0, 1].

    ``clip((3 mm - (t - p)) / 2 mm, 0, 1)`` with `t` the largest of the three spacings and `p` the mean of the others: 1 for
    slices up to 1 mm thicker than a pixel is wide, 0 from 3 mm, linear between.
    """
    if len(spacing) != 3 or not all(math.isfinite(s) and s > 0 for s in spacing):
        raise ArgumentError(f"spacing must be three positive numbers in mm, got {spacing}")
    thickness = max(spacing)
    pixel = (sum(spacing) - thickness) / 2
    return min(max((3.0 - (thickness - pixel)) / 2.0, 0.0), 1.0)


def default_preset(spacing: Spacing) -> TransformPreset:
    """Return `PAPER` where slices are thin enough for it to be harmless (share of 1), else `ANISOTROPIC`."""
    return TransformPreset.PAPER if out_of_plane_share(spacing) == 1.0 else TransformPreset.ANISOTROPIC


def draw_transform(
    rng: np.random.Generator,
    count: int,
    preset: TransformPreset,
    spacing: Spacing,
    flip_axes: Sequence[int] = (0, 1, 2),
) -> SpatialTransform:
    """Draw `count` operators (the paper: 5).

    Parameters
    ----------
    rng : numpy.random.Generator
        The only source of randomness.
    count : int
        Number of operators N >= 0; 0 gives the identity.
    preset : TransformPreset
    spacing : tuple of float
        Spacing of the grid in mm; the axis with the largest one is the slice axis of `ANISOTROPIC`.
    flip_axes : sequence of int
        Array axes whose direction `ANISOTROPIC` may flip; without any, operators are rotations and scalings.
    """
    if count < 0:
        raise ArgumentError(f"the number of transforms must be 0 or more, got {count}")
    slice_axis = int(np.argmax(spacing))
    as_in_paper = TransformPreset(preset) is TransformPreset.PAPER
    share = 1.0 if as_in_paper else out_of_plane_share(spacing)
    flips = (0, 1, 2) if as_in_paper else tuple(flip_axes)
    return SpatialTransform(tuple(_draw_operator(rng, share, slice_axis, flips) for _ in range(count)))


def _draw_operator(rng: np.random.Generator, share: float, slice_axis: int, flips: tuple[int, ...]) -> Operator:
    kind = int(rng.integers(3)) if flips else 2 * int(rng.integers(2))
    match kind:
        case 0:
            angle = float(rng.uniform(-MAX_ANGLE_DEG, MAX_ANGLE_DEG))
            axis = rng.normal(size=3)  # a normalized normal vector is uniform on the sphere
            return Rotation(angle, _limit_tilt(axis / np.linalg.norm(axis), share, slice_axis))
        case 1:
            return Flip(flips[int(rng.integers(len(flips)))])
        case _:
            array_axis = int(rng.integers(3))
            deviation = float(rng.uniform(-MAX_SCALING, MAX_SCALING))
            return Scaling(1.0 + deviation * (share if array_axis == slice_axis else 1.0), array_axis)


def _limit_tilt(axis: np.ndarray, share: float, slice_axis: int) -> Axis:
    """Shrink a unit axis' components within the slice (they tilt it) by `share`; keep the length 1 and the slice sign."""
    if share < 1.0:
        along = axis[slice_axis]
        axis = axis * share
        axis[slice_axis] = 0.0
        axis[slice_axis] = math.copysign(math.sqrt(max(1.0 - float(axis @ axis), 0.0)), along)
    return float(axis[0]), float(axis[1]), float(axis[2])
