"""What an impact leaves outside the brain's compartments: swelling of the scalp and a linear skull fracture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .anatomy import Anatomy, Tissue
from .lesion_noise import draw_noise
from .lesion_shape import box_around, nearest_voxel, offsets_mm


def add_scalp_swelling(
    rng: np.random.Generator,
    anatomy: Anatomy,
    hu: NDArray[np.float32],
    tissue: NDArray[np.uint8],
    point: NDArray[np.float64],
) -> bool:
    """Thicken the scalp near a point of the head and fill it with blood or edema (`hu` and `tissue` change in place).

    Returns whether there was scalp to swell.
    """
    scalp = (tissue == Tissue.FAT) | (tissue == Tissue.SKIN)
    near = nearest_voxel(scalp & ~anatomy.intracranial, point, anatomy.spacing)
    if near is None:
        return False
    radius = float(rng.uniform(12, 35))
    box = box_around(anatomy, near, radius)
    x = offsets_mm(anatomy, box, near)
    falloff = np.clip(1 - np.sqrt(x[0] ** 2 + x[1] ** 2 + x[2] ** 2) / radius, 0, 1)
    material = tissue[box]
    height = float(rng.uniform(2, 11))
    to_head = ndimage.distance_transform_edt(material == Tissue.AIR, sampling=anatomy.spacing)
    swollen = (material == Tissue.AIR) & (to_head < height * np.sqrt(falloff)) & (falloff > 0)
    soaked = ((material == Tissue.FAT) & (falloff > 0.15)) | swollen
    if rng.random() < 0.6:
        value = float(rng.uniform(45, 75)) + 5 * draw_noise(rng, material.shape, anatomy.spacing, 8.0)
    else:
        value = float(rng.uniform(5, 40)) + 10 * draw_noise(rng, material.shape, anatomy.spacing, 8.0)
    part = hu[box]
    share = np.clip(falloff * 3, 0, 1)
    part[soaked] = (share * value + (1 - share) * np.where(swollen, 20.0, part))[soaked]
    tissue[box][swollen] = Tissue.SKIN
    return True


def add_fracture(rng: np.random.Generator, anatomy: Anatomy, hu: NDArray[np.float32], point: NDArray[np.float64]) -> bool:
    """Cut the skull near a point along a wavy plane of 0.5 to 1.5 mm (`hu` changes in place); return whether bone was cut."""
    box = box_around(anatomy, point, float(rng.uniform(20, 45)))
    bone = np.isin(anatomy.tissue[box], (Tissue.BONE, Tissue.DIPLOE))
    if not bone.any():
        return False
    x = offsets_mm(anatomy, box, point)
    direction = rng.standard_normal(3)
    direction /= np.linalg.norm(direction)
    plane = x[0] * direction[0] + x[1] * direction[1] + x[2] * direction[2]
    plane = plane + 2.0 * draw_noise(rng, bone.shape, anatomy.spacing, 12.0)
    width = float(rng.uniform(0.5, 1.5))
    share = np.clip(1 - np.abs(plane) / width, 0, 1) * bone * float(rng.uniform(0.5, 1.0))
    hu[box] += share * (60.0 - hu[box])
    return bool((share > 0.2).any())
