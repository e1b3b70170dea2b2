r"""Several plausible reference masks of one case, from a stated distribution.

Let :math:`d_c(x)` be the signed distance in mm from voxel :math:`x` to the boundary of class :math:`c` in the reference, positive
inside. Rater :math:`r` draws

* an offset :math:`o_r \sim N(0, \sigma_o^2)` in mm, shared by all of this rater's lesions: how generously the rater draws;
* for each class a smooth Gaussian field :math:`g_{rc}(x)` with mean 0, standard deviation :math:`\sigma_g` mm and grain
  :math:`s` mm: where the rater's boundary happens to run;
* for each lesion (26-connected component) :math:`l` of volume :math:`v_l` an inclusion :math:`i_{rl}`, with
  :math:`P(i_{rl} = 0) = m \exp(-(v_l / v_0)(k_l / k_0))`, where :math:`k_l` is the lesion's contrast to its surroundings in HU
  (:math:`k_l = k_0` where no HU are given): small and faint lesions are missed.

The rater's class :math:`c` is where :math:`d_c + o_r + g_{rc} > 0` and the nearest lesion of that class is included; where two
classes claim a voxel, the larger level wins. At :math:`o_r = 0, \sigma_g = 0, m = 0` the rater is the reference. Since the offset
is symmetric, the mean boundary over raters is the reference's boundary, and the standard deviation of the boundary's position
along its normal is :math:`\sqrt{\sigma_o^2 + \sigma_g^2}`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..errors import ArgumentError
from ..hemorrhage_class import HemorrhageClass
from .lesion_noise import draw_noise
from .lesion_shape import bounding_box


@dataclass(frozen=True)
class RaterModel:
    r"""Parameters of the distribution above.

    Attributes
    ----------
    offset_sd_mm : float
        :math:`\sigma_o`.
    field_sd_mm, field_grain_mm : float
        :math:`\sigma_g` and :math:`s`.
    miss_probability, miss_volume_ml, miss_contrast_hu : float
        :math:`m` in [0, 1], :math:`v_0` and :math:`k_0`.
    """

    offset_sd_mm: float = 0.5
    field_sd_mm: float = 0.4
    field_grain_mm: float = 8.0
    miss_probability: float = 0.5
    miss_volume_ml: float = 0.15
    miss_contrast_hu: float = 25.0

    def __post_init__(self) -> None:
        if min(self.offset_sd_mm, self.field_sd_mm) < 0 or self.field_grain_mm <= 0:
            raise ArgumentError("the raters' standard deviations must not be negative, and the grain must be positive (mm)")
        if not 0 <= self.miss_probability <= 1 or self.miss_volume_ml <= 0 or self.miss_contrast_hu <= 0:
            raise ArgumentError("the raters' miss probability must lie in [0, 1], its volume (mL) and contrast (HU) above 0")

    def miss(self, volume_ml: NDArray[np.float64], contrast_hu: NDArray[np.float64]) -> NDArray[np.float64]:
        """Probability that a rater misses each lesion."""
        visibility = volume_ml / self.miss_volume_ml * contrast_hu / self.miss_contrast_hu
        return self.miss_probability * np.exp(-visibility)


def draw_raters(
    rng: np.random.Generator,
    labels: NDArray[np.uint8],
    count: int,
    spacing: Sequence[float],
    *,
    model: RaterModel | None = None,
    hu: NDArray[np.float32] | None = None,
    allowed: NDArray[np.bool_] | None = None,
    offsets_mm: Sequence[float] | None = None,
) -> list[NDArray[np.uint8]]:
    """Draw the label maps of `count` raters.

    Parameters
    ----------
    rng : Generator
    labels : (D, H, W) uint8
        The reference, `HemorrhageClass` values.
    count : int
    spacing : sequence of float
        Voxel size in mm.
    model : RaterModel or None
        None = the default distribution.
    hu : (D, H, W) float32 or None
        The CT, for the lesions' contrast.
    allowed : (D, H, W) bool or None
        Where hemorrhage can be (the intracranial space); no rater draws outside it. None = everywhere.
    offsets_mm : sequence of float or None
        The raters' offsets, instead of drawn ones.

    Raises
    ------
    ArgumentError
        Negative count, or not one offset per rater, or arrays of different shapes.
    """
    if count < 0 or (offsets_mm is not None and len(offsets_mm) != count):
        raise ArgumentError(f"{count} raters need a count of at least 0 and one boundary offset each")
    if any(a is not None and a.shape != labels.shape for a in (hu, allowed)):
        raise ArgumentError("the raters' CT and mask must have the label map's shape")
    model = model or RaterModel()
    drawn = rng.normal(0, model.offset_sd_mm, count) if offsets_mm is None else np.asarray(offsets_mm, float)
    maps = [np.zeros(labels.shape, np.uint8) for _ in range(count)]
    best = [np.zeros(labels.shape, np.float32) for _ in range(count)]
    margin_mm = 3 * np.hypot(model.offset_sd_mm, model.field_sd_mm) + np.abs(drawn).max(initial=0) + 2
    for name in HemorrhageClass:
        mask = labels == name
        if not name or not mask.any():
            continue
        box = bounding_box(mask, margin=int(np.ceil(margin_mm / min(spacing))))
        mask = mask[box]
        lesion, level, miss = _lesions(mask, spacing, model, None if hu is None else hu[box])
        for rater in range(count):
            field = draw_noise(rng, mask.shape, spacing, model.field_grain_mm)
            included = np.concatenate(([False], rng.random(len(miss)) >= miss))
            mine = np.where(included[lesion], level + drawn[rater] + model.field_sd_mm * field, -1).astype(np.float32)
            if allowed is not None:
                mine[~allowed[box] & ~mask] = -1
            wins = mine > best[rater][box]
            best[rater][box][wins] = mine[wins]
            maps[rater][box][wins] = name
    return maps


def _lesions(
    mask: NDArray[np.bool_], spacing: Sequence[float], model: RaterModel, hu: NDArray[np.float32] | None
) -> tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.float64]]:
    """Return each voxel's nearest lesion (1, 2, ...), signed distance to the boundary in mm, each lesion's miss probability.

    A distance between voxel centers overshoots the boundary, which runs half-way between two voxels, by half an in-plane step.
    """
    number, count = ndimage.label(mask, np.ones((3, 3, 3)))
    outside, nearest = ndimage.distance_transform_edt(~mask, sampling=spacing, return_indices=True)
    inside = ndimage.distance_transform_edt(np.pad(mask, 1), sampling=spacing)[1:-1, 1:-1, 1:-1]
    half = min(spacing) / 2
    level = np.where(mask, inside - half, half - outside).astype(np.float32)
    number = number[tuple(nearest)]
    volume = np.bincount(number[mask], minlength=count + 1)[1:] * np.prod(spacing) / 1000
    contrast = np.full(count, model.miss_contrast_hu)
    if hu is not None:
        around = ~mask & (outside < 4) & (hu > -20) & (hu < 100)
        own = np.bincount(number[mask], hu[mask], count + 1)[1:] / np.bincount(number[mask], minlength=count + 1)[1:]
        shell = np.bincount(number[around], minlength=count + 1)[1:]
        other = np.bincount(number[around], hu[around], count + 1)[1:] / np.maximum(shell, 1)
        contrast = np.where(shell > 0, np.abs(own - other), contrast)
    return number, level, model.miss(volume, contrast)
