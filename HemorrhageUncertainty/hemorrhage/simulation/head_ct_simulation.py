"""One simulated head CT with hemorrhages, from one seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ArgumentError
from ..head_ct import HeadCT
from .acquisition import Acquisition, acquire, acquire_mask, draw_acquisition
from .anatomy import Anatomy, simulate_anatomy
from .base import Base
from .bleed_plan import draw_plan
from .bleeding import add_bleeding
from .mimics import add_mimics
from .raters import draw_raters


@dataclass(frozen=True, eq=False)
class SimulatedCase:
    """A simulated head CT and the truth about it.

    Attributes
    ----------
    ct : HeadCT
    labels : (D, H, W) uint8
        `HemorrhageClass` of each voxel: where at least half of the voxel is blood.
    raters : tuple of (D, H, W) uint8
        Label maps of simulated raters (see `hemorrhage.simulation.raters`); empty unless asked for.
    description : dict
        Everything that was drawn, JSON-able.
    intracranial : (D, H, W) bool, or None
        Where at least half of the voxel lies inside the inner table of the skull; None unless asked for.
    """

    ct: HeadCT
    labels: NDArray[np.uint8]
    raters: tuple[NDArray[np.uint8], ...] = ()
    description: dict[str, Any] = field(default_factory=dict)
    intracranial: NDArray[np.bool_] | None = None


def simulate_head_ct(
    seed: int = 0,
    *,
    classes: Sequence[str] | None = None,
    volume_ml: float | None = None,
    shape: tuple[int, int, int] = (32, 256, 256),
    slice_thickness_mm: float | None = None,
    pixel_mm: float | None = None,
    mimics: bool = True,
    raters: int = 0,
    base: Base | None = None,
    intracranial: bool = False,
) -> SimulatedCase:
    """Simulate a non-contrast head CT, with hemorrhages or without.

    Parameters
    ----------
    seed : int
        Not negative. The same seed and arguments give the same case to the bit.
    classes : sequence of str, optional
        Subtypes to include (``EDH, IPH, IVH, SAH, SDH``); an empty sequence: none; by default drawn.
    volume_ml : float, optional
        Volume of each hemorrhage, 0.05 to 150 mL; by default drawn. A head without room for it gets less (see `description`).
    shape : tuple of int
        Slices, rows, columns of the CT; at least 4 x 32 x 32.
    slice_thickness_mm : float, optional
        0.5 to 12 mm; by default such that the slices cover most of the head.
    pixel_mm : float, optional
        0.2 to 5 mm; by default such that the field of view holds the head.
    mimics : bool
        Whether to add findings that look like hemorrhage or like stroke but are not labeled.
    raters : int
        How many raters' label maps to draw.
    base : Base, optional
        Real anatomy to deform, instead of a synthetic head (see `load_base`).
    intracranial : bool
        Whether to say which voxels lie inside the skull.

    Raises
    ------
    ArgumentError
        An argument is outside its range.
    """
    _check(seed, shape, slice_thickness_mm, pixel_mm, raters)
    plan_rng, anatomy_rng, blood_rng, mimic_rng, scan_rng, noise_rng, rater_rng = np.random.default_rng(seed).spawn(7)
    plan = draw_plan(plan_rng, classes, volume_ml)
    anatomy = simulate_anatomy(anatomy_rng, (2.0, 1.3, 1.3), base)
    bleeding = add_bleeding(blood_rng, anatomy, plan)
    hu = bleeding.hu
    findings: list[Any] = []
    if mimics:
        hu, findings = add_mimics(mimic_rng, bleeding.anatomy, hu, bleeding.labels)
    scan = _aim(draw_acquisition(scan_rng, shape, _head_mm(anatomy), slice_thickness_mm, pixel_mm), anatomy)
    image, labels = acquire(noise_rng, scan, hu, bleeding.labels, anatomy.spacing)
    ct = HeadCT(image, scan.affine, source=f"simulated head CT, seed {seed}", metadata={"simulated": True, "seed": seed})
    return SimulatedCase(
        ct=ct,
        labels=labels,
        raters=tuple(draw_raters(rater_rng, labels, raters, ct.spacing, hu=image)) if raters else (),
        description={
            "seed": seed,
            "anatomy": anatomy.parameters,
            "hemorrhages": bleeding.description,
            "mimics": findings,
            "acquisition": scan.description(),
        },
        intracranial=acquire_mask(scan, anatomy.intracranial, anatomy.spacing) if intracranial else None,
    )


def _head_mm(anatomy: Anatomy) -> tuple[float, float, float]:
    """Box of the head in mm, symmetric about the middle of the grid: its top is 14 mm (skull, scalp) above the cavity's."""
    top = np.flatnonzero(anatomy.intracranial.any((1, 2))).max() - (anatomy.shape[0] - 1) / 2
    d, h, w = anatomy.spacing
    return float(2 * (top * d + 14)), float(anatomy.shape[1] * h), float(anatomy.shape[2] * w)


def _aim(scan: Acquisition, anatomy: Anatomy) -> Acquisition:
    """Move the field of view to the head, wherever it lies on its grid."""
    where = [np.flatnonzero(anatomy.intracranial.any(tuple(a for a in range(3) if a != axis))) for axis in (1, 2)]
    y, x = ((0.5 * (w[0] + w[-1]) - (anatomy.shape[k] - 1) / 2) * anatomy.spacing[k] for k, w in zip((1, 2), where, strict=True))
    up, back, left = scan.shift_mm
    return replace(scan, shift_mm=(up, float(back + y - 5.0), float(left + x)))


def _check(seed: int, shape: tuple[int, int, int], slice_thickness_mm: float | None, pixel_mm: float | None, raters: int) -> None:
    if seed < 0:
        raise ArgumentError(f"the seed must not be negative, but is {seed}")
    if len(shape) != 3 or shape[0] < 4 or min(shape[1:]) < 32 or max(shape) > 2048:
        raise ArgumentError(f"the shape must be 4 to 2048 slices of 32 x 32 to 2048 x 2048 pixels, but is {tuple(shape)}")
    if slice_thickness_mm is not None and not 0.5 <= slice_thickness_mm <= 12:
        raise ArgumentError(f"the slice thickness must be 0.5 to 12 mm, but is {slice_thickness_mm:g}")
    if pixel_mm is not None and not 0.2 <= pixel_mm <= 5:
        raise ArgumentError(f"the pixel size must be 0.2 to 5 mm, but is {pixel_mm:g}")
    if not 0 <= raters <= 100:
        raise ArgumentError(f"the number of raters must be 0 to 100, but is {raters}")
