"""What a simulated head is made of: tissues, compartments, distances and landmarks on one regular working grid."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..errors import ArgumentError
from ..head_ct import Spacing

if TYPE_CHECKING:
    from .base_head import Base


class Tissue(IntEnum):
    """What fills a voxel of the working grid."""

    AIR = 0
    SKIN = 1
    FAT = 2
    MUSCLE = 3
    BONE = 4
    DIPLOE = 5
    SINUS_AIR = 6
    EYE = 7
    CSF = 8
    VENTRICLE = 9
    GREY = 10
    WHITE = 11
    DURA = 12
    CALCIFICATION = 13
    VESSEL = 14
    METAL = 15
    TABLE = 16
    CARTILAGE = 17


@dataclass(eq=False)
class Anatomy:
    """A head without hemorrhage.

    Axis 0 grows to superior, axis 1 to posterior, axis 2 to the patient's left.

    Attributes
    ----------
    tissue : (D, H, W) uint8
        `Tissue` of each voxel.
    hu : (D, H, W) float32
        Noise-free Hounsfield units, with low-frequency texture inside each tissue.
    spacing : tuple of float
        Voxel size in mm along the three axes.
    affine : (4, 4) float64
        Maps (slice, row, column, 1) to R, A, S in mm; the origin is the middle of the head.
    intracranial : (D, H, W) bool
        Everything inside the inner table of the skull: brain, CSF, ventricles, dura, venous sinuses.
    brain, ventricles, csf, falx, tentorium : (D, H, W) bool
        Parenchyma (with brainstem and cerebellum); lateral, third and fourth ventricle; CSF outside the ventricles
        (sulci, fissures, cisterns); the two large folds of the dura.
    depth : (D, H, W) float32
        Distance inward from the inner table in mm; > 0 inside, <= 0 outside.
    midline : (D, H, W) float32
        Signed distance from the (slightly bent) midsagittal plane in mm; positive = patient's left.
    suture_distance : (D, H, W) float32
        Distance in mm to the nearest suture surface (coronal, sagittal, lambdoid).
    supratentorial : (D, H, W) bool
        The intracranial space above the tentorium.
    landmarks : dict of str to (3,) float64
        Index positions (slice, row, column), e.g. ``"thalamus_left"``, ``"pons"``; see `LANDMARKS`.
    age : float
        Age in years that the head was drawn for.
    parameters : dict
        What was drawn (scalars and strings, JSON-able).
    """

    tissue: NDArray[np.uint8]
    hu: NDArray[np.float32]
    spacing: Spacing
    affine: NDArray[np.float64]
    intracranial: NDArray[np.bool_]
    brain: NDArray[np.bool_]
    ventricles: NDArray[np.bool_]
    csf: NDArray[np.bool_]
    falx: NDArray[np.bool_]
    tentorium: NDArray[np.bool_]
    depth: NDArray[np.float32]
    midline: NDArray[np.float32]
    suture_distance: NDArray[np.float32]
    supratentorial: NDArray[np.bool_]
    landmarks: dict[str, NDArray[np.float64]]
    age: float
    parameters: dict[str, object] = field(default_factory=dict)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number of slices, rows and columns of the working grid."""
        d, h, w = self.tissue.shape
        return d, h, w


#: Names of the landmarks that every `Anatomy` has.
LANDMARKS: tuple[str, ...] = (
    *(
        f"{place}_{side}"
        for place in ("basal_ganglia", "thalamus", "cerebellum", "frontal", "parietal", "temporal", "occipital")
        for side in ("left", "right")
    ),
    "pons",
)


def simulate_anatomy(rng: np.random.Generator, spacing: Spacing, base: Base | None = None) -> Anatomy:
    """Draw a head without hemorrhage.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of all randomness; independent parts get child generators.
    spacing : tuple of float
        Voxel size of the working grid in mm along slice, row, column, 0.5 to 4.
    base : Base, optional
        A real CT or template to deform instead of drawing a synthetic head; see `hemorrhage.simulation.base.load_base`.

    Raises
    ------
    ArgumentError
        If the spacing is out of range.
    """
    if len(spacing) != 3 or not all(0.5 <= s <= 4 for s in spacing):
        raise ArgumentError(f"the working grid needs three spacings from 0.5 to 4 mm, not {tuple(spacing)}")
    if base is not None:
        from .base_head import deform_base

        return deform_base(rng, spacing, base)
    from .synthetic_head import draw_synthetic_head

    return draw_synthetic_head(rng, spacing)
