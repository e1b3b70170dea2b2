"""What an index-to-patient matrix says about the gantry: shear (tilt kept) or a suspicious rotation (tilt lost)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Below this angle a matrix counts as not sheared (a float32 header cannot say more).
SHEAR_TOLERANCE_DEG = 0.1
_TILT_RANGE_DEG = (3.0, 31.0)


def shear_degrees(affine: NDArray[np.float64]) -> float:
    """Angle in degrees between the slice normal and the step from slice to slice: the gantry tilt of a sheared matrix."""
    step, down, right = affine[:3, 0], affine[:3, 1], affine[:3, 2]
    normal = np.cross(right, down)
    cosine = abs(normal @ step) / (np.linalg.norm(normal) * np.linalg.norm(step))
    return float(np.degrees(np.arccos(np.clip(cosine, 0.0, 1.0))))


def lost_tilt_degrees(affine: NDArray[np.float64]) -> float | None:
    """Angle of a gantry tilt that a converter probably turned into a rotation, or None.

    A quaternion cannot hold shear; converters then keep the slices' rotation about the left-right axis and the longer step along
    the table. The trace: slices tilted about that axis only, and a slice spacing that is a multiple of 0.5 or 0.625 mm only after
    multiplication with the cosine of the tilt.
    """
    step, down, right = affine[:3, 0], affine[:3, 1], affine[:3, 2]
    normal = np.cross(right, down)
    normal = normal / np.linalg.norm(normal)
    angle = float(np.degrees(np.arctan2(abs(normal[1]), abs(normal[2]))))
    if (
        shear_degrees(affine) > SHEAR_TOLERANCE_DEG
        or abs(normal[0]) > 0.01
        or not _TILT_RANGE_DEG[0] < angle < _TILT_RANGE_DEG[1]
    ):
        return None
    spacing = float(np.linalg.norm(step))
    if not _is_customary(spacing) and _is_customary(spacing * np.cos(np.radians(angle))):
        return angle
    return None


def geometry_warnings(affine: NDArray[np.float64]) -> tuple[str, ...]:
    """Sentences on shear and on a tilt that was probably lost."""
    shear = shear_degrees(affine)
    if shear > SHEAR_TOLERANCE_DEG:
        return (f"The gantry was tilted by {shear:.1f} degrees: the sheared geometry is kept and volumes account for it.",)
    lost = lost_tilt_degrees(affine)
    if lost is not None:
        percent = 100.0 * (1.0 / np.cos(np.radians(lost)) - 1.0)
        return (
            f"The header looks like a gantry tilt of {lost:.1f} degrees that was turned into a rotation: "
            f"volumes follow the header and may be {percent:.1f} % too high.",
        )
    return ()


def geometry_metadata(affine: NDArray[np.float64]) -> dict[str, Any]:
    """Return the tilt in degrees, and the factor that corrects volumes (1 unless a tilt was probably lost)."""
    lost = lost_tilt_degrees(affine)
    return {
        "gantry_tilt_degrees": round(shear_degrees(affine), 3),
        "lost_tilt_degrees": None if lost is None else round(lost, 3),
        "tilt_corrected_volume_factor": 1.0 if lost is None else float(np.cos(np.radians(lost))),
    }


def _is_customary(spacing_mm: float) -> bool:
    return any(
        abs(spacing_mm / unit - round(spacing_mm / unit)) * unit < 0.005 * spacing_mm and spacing_mm >= 2.0
        for unit in (0.5, 0.625)
    )
