"""The three operators of the augmentation model: rotation, flip, scaling (uncertainty-aware nnU-Net, Eq. 2)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ArgumentError

Axis = tuple[float, float, float]


@dataclass(frozen=True)
class Rotation:
    """Rotation about an axis through the volume's center.

    Attributes
    ----------
    angle_deg : float
        Angle in degrees, right-handed in the frame (slice, row, column).
    axis : tuple of float
        Direction of the axis in that frame; normalized when the matrix is built, so its length does not matter.
    """

    angle_deg: float
    axis: Axis

    def __post_init__(self) -> None:
        if len(self.axis) != 3 or not all(map(math.isfinite, (self.angle_deg, *self.axis))) or not any(self.axis):
            raise ArgumentError(f"a rotation needs a finite angle and an axis of three numbers that are not all zero, got {self}")

    def matrix(self) -> NDArray[np.float64]:
        """Return the (3, 3) rotation matrix (Rodrigues' formula)."""
        x, y, z = np.asarray(self.axis, dtype=np.float64) / np.linalg.norm(self.axis)
        cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
        angle = math.radians(self.angle_deg)
        result: NDArray[np.float64] = np.eye(3) + math.sin(angle) * cross + (1 - math.cos(angle)) * (cross @ cross)
        return result

    def inverse(self) -> Rotation:
        """Return the rotation by the opposite angle."""
        return Rotation(-self.angle_deg, self.axis)

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able record; `operator_from_json` reads it."""
        return {"kind": "rotation", "angle_deg": self.angle_deg, "axis": list(self.axis)}


@dataclass(frozen=True)
class Flip:
    """Reflection across the plane through the center that is normal to one array axis (0 slice, 1 row, 2 column)."""

    array_axis: int

    def __post_init__(self) -> None:
        _check_array_axis(self.array_axis)

    def matrix(self) -> NDArray[np.float64]:
        """Return the (3, 3) diagonal matrix with one -1."""
        return _diagonal(self.array_axis, -1.0)

    def inverse(self) -> Flip:
        """Return the flip itself: it is its own inverse."""
        return self

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able record; `operator_from_json` reads it."""
        return {"kind": "flip", "array_axis": self.array_axis}


@dataclass(frozen=True)
class Scaling:
    """Stretch by `factor` (> 0) along one array axis (0 slice, 1 row, 2 column), about the center."""

    factor: float
    array_axis: int

    def __post_init__(self) -> None:
        _check_array_axis(self.array_axis)
        if not (math.isfinite(self.factor) and self.factor > 0):
            raise ArgumentError(f"a scaling factor must be finite and positive, got {self.factor}")

    def matrix(self) -> NDArray[np.float64]:
        """Return the (3, 3) diagonal matrix."""
        return _diagonal(self.array_axis, self.factor)

    def inverse(self) -> Scaling:
        """Return the scaling by the reciprocal factor."""
        return Scaling(1.0 / self.factor, self.array_axis)

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able record; `operator_from_json` reads it."""
        return {"kind": "scaling", "factor": self.factor, "array_axis": self.array_axis}


Operator = Rotation | Flip | Scaling


def operator_from_json(record: Mapping[str, Any]) -> Operator:
    """Rebuild an operator from its record; floats survive JSON exactly, so the operator is the same to the bit."""
    try:
        match record["kind"]:
            case "rotation":
                a, b, c = record["axis"]
                return Rotation(float(record["angle_deg"]), (float(a), float(b), float(c)))
            case "flip":
                return Flip(int(record["array_axis"]))
            case "scaling":
                return Scaling(float(record["factor"]), int(record["array_axis"]))
            case kind:
                raise ArgumentError(f"{kind!r} is not an operator: expected rotation, flip or scaling")
    except (KeyError, TypeError, ValueError) as error:
        raise ArgumentError(f"this is not the record of a rotation, flip or scaling: {record!r}") from error


def _check_array_axis(axis: int) -> None:
    if axis not in (0, 1, 2):
        raise ArgumentError(f"an array axis is 0 (slice), 1 (row) or 2 (column), got {axis}")


def _diagonal(axis: int, value: float) -> NDArray[np.float64]:
    matrix = np.eye(3)
    matrix[axis, axis] = value
    return matrix
