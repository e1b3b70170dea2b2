"""Hounsfield units of blood: stage, hematocrit, texture, and the signs of active or separated bleeding."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..head_ct import Spacing
from .lesion_noise import draw_noise


@dataclass(frozen=True)
class Blood:
    """HU inside a lesion.

    Attributes
    ----------
    hu : float32
        HU of the blood on the lesion's box.
    mean_hu : float
    signs : tuple of str
        ``"swirl"``, ``"blend"``, ``"black hole"``, ``"fluid level"``, ``"layering"``, ``"patchy"``.
    edge_mm : float
        Width of the soft edge in mm.
    """

    hu: NDArray[np.float32]
    mean_hu: float
    signs: tuple[str, ...]
    edge_mm: float


#: Mean and standard deviation of clotted blood's HU by subtype (normal hematocrit); widened by `draw_mean_hu`.
ACUTE_HU = {"EDH": (63.0, 6.0), "IPH": (64.0, 7.0), "IVH": (59.0, 8.0), "SAH": (62.0, 8.0), "SDH": (63.0, 7.0)}

_SIGN_CHANCE = {
    "EDH": {"swirl": 0.25, "blend": 0.05},
    "IPH": {"swirl": 0.15, "blend": 0.12, "black hole": 0.10, "fluid level": 0.07},
    "IVH": {"swirl": 0.05},
    "SAH": {},
    "SDH": {"swirl": 0.2, "fluid level": 0.08},
}


def draw_mean_hu(rng: np.random.Generator, name: str, stage: str) -> float:
    """Mean HU: a normal of the subtype and a hematocrit term for acute blood (one in seven drawn uniformly from 38 to 95)."""
    if stage == "subacute":
        return float(rng.uniform(38, 52) if name == "IPH" else rng.uniform(30, 50))
    if rng.random() < 1 / 7:
        return float(rng.uniform(38, 95))
    mean, sd = ACUTE_HU[name]
    hematocrit = float(np.clip(rng.normal(0.40, 0.05), 0.22, 0.55))  # anemia lowers the HU of blood, about 1 HU per percent
    return float(np.clip(rng.normal(mean, sd) + 60 * (hematocrit - 0.40), 42, 90))


def draw_blood(
    rng: np.random.Generator, name: str, stage: str, level: NDArray[np.float32], spacing: Spacing, volume_ml: float
) -> Blood:
    """Draw the HU of a lesion's blood.

    Parameters
    ----------
    rng : Generator
    name, stage : str
        Subtype and age of the blood.
    level : float32
        Signed distance in mm on the lesion's box, positive inside.
    spacing : tuple of float
    volume_ml : float
        Signs of separation need room: they appear above 1 mL only.
    """
    mean = draw_mean_hu(rng, name, stage)
    inside = level > 0
    hu = np.full(level.shape, mean, np.float32)
    amplitude = float(rng.gamma(2.0, 1.2)) * (1.4 if name == "IPH" else 1.0)
    hu += amplitude * draw_noise(rng, level.shape, spacing, float(rng.uniform(3, 8)))
    if volume_ml > 3:
        hu += float(rng.uniform(0, 4)) * draw_noise(rng, level.shape, spacing, float(rng.uniform(10, 25)))
    signs: list[str] = []
    if stage in ("acute", "mixed") and volume_ml > 1 and inside.any():
        for sign, chance in _SIGN_CHANCE[name].items():
            if rng.random() < chance * (1.6 if volume_ml > 20 else 1.0):
                hu = _SIGNS[sign](rng, hu, level, spacing)
                signs.append(sign)
    if stage == "mixed" and inside.any():
        hu, sign = _mix(rng, hu, level, spacing)
        signs.append(sign)
    if name == "IPH" and stage in ("acute", "subacute") and rng.random() < (0.3 if stage == "acute" else 0.9):
        # Lysis starts at the rim: the core stays dense longest.
        radius = max(float(level.max()), 1.0)
        lysis = float(rng.uniform(4, 16)) * np.clip(1 - level / (0.6 * radius), 0, 1)
        hu = np.maximum(hu - lysis, np.minimum(hu, 36))
    edge = {"acute": rng.uniform(0.3, 0.9), "mixed": rng.uniform(0.4, 1.2)}.get(stage, rng.uniform(0.8, 2.5))
    return Blood(np.clip(hu, 5, 98).astype(np.float32), mean, tuple(signs), float(edge))


def _swirl(
    rng: np.random.Generator, hu: NDArray[np.float32], level: NDArray[np.float32], spacing: Spacing
) -> NDArray[np.float32]:
    """Unclotted blood: smooth hypodense streaks and blobs."""
    field = draw_noise(rng, hu.shape, spacing, float(rng.uniform(6, 14)))
    share = np.clip((field - float(rng.uniform(0.3, 1.0))) / float(rng.uniform(0.4, 1.4)), 0, 1) * float(rng.uniform(0.5, 1.0))
    return hu + share * (float(rng.uniform(30, 48)) - hu)


def _blend(
    rng: np.random.Generator, hu: NDArray[np.float32], level: NDArray[np.float32], spacing: Spacing
) -> NDArray[np.float32]:
    """Blend sign: a well-defined border between a dense and a less dense part (18 HU or more apart)."""
    height = _height(rng, hu, spacing)
    cut = np.quantile(height[level > 0], rng.uniform(0.3, 0.7))
    return hu - float(rng.uniform(12, 26)) * np.clip((height - cut) / 1.5 + 0.5, 0, 1)


def _black_hole(
    rng: np.random.Generator, hu: NDArray[np.float32], level: NDArray[np.float32], spacing: Spacing
) -> NDArray[np.float32]:
    """Black-hole sign: a round or rod-like hypodense island wholly inside the hematoma."""
    deep = np.argwhere(level > 0.4 * level.max())
    center = deep[rng.integers(len(deep))]
    axes = [(np.arange(n) - c) * s for n, c, s in zip(hu.shape, center, spacing, strict=True)]
    stretch = rng.uniform(0.7, 1.6, 3)
    radius = np.sqrt(sum((a.reshape([-1 if i == k else 1 for i in range(3)]) / stretch[k]) ** 2 for k, a in enumerate(axes)))
    size = float(np.clip(level.max() * rng.uniform(0.25, 0.5), 1.5, 8))
    share = np.clip((size - radius) / 1.0 + 0.5, 0, 1) * (level > 1)
    return hu - share * float(rng.uniform(20, 32))


def _fluid_level(
    rng: np.random.Generator, hu: NDArray[np.float32], level: NDArray[np.float32], spacing: Spacing
) -> NDArray[np.float32]:
    """Blood-fluid level: red cells settle posteriorly in a patient lying on the back."""
    height = -np.arange(hu.shape[1], dtype=np.float32)[None, :, None] * spacing[1] + np.zeros_like(hu)
    cut = np.quantile(height[level > 0], rng.uniform(0.3, 0.7))
    serum = float(rng.uniform(18, 38))
    return hu + np.clip((height - cut) / 1.5 + 0.5, 0, 1) * (serum - hu)


def _mix(
    rng: np.random.Generator, hu: NDArray[np.float32], level: NDArray[np.float32], spacing: Spacing
) -> tuple[NDArray[np.float32], str]:
    """Acute on chronic: settled (gradient or level toward posterior) or patchy."""
    old = float(rng.uniform(12, 35))
    if rng.random() < 0.5:
        height = -np.arange(hu.shape[1], dtype=np.float32)[None, :, None] * spacing[1] + np.zeros_like(hu)
        cut = np.quantile(height[level > 0], rng.uniform(0.2, 0.7))
        return hu + np.clip((height - cut) / float(rng.uniform(1, 25)) + 0.5, 0, 1) * (old - hu), "layering"
    field = draw_noise(rng, hu.shape, spacing, float(rng.uniform(10, 25)))
    share = np.clip((field - float(rng.uniform(-0.4, 0.6))) / float(rng.uniform(0.2, 1.2)) + 0.5, 0, 1)
    return hu + share * (old - hu), "patchy"


def _height(rng: np.random.Generator, hu: NDArray[np.float32], spacing: Spacing) -> NDArray[np.float32]:
    """Coordinate in mm along a random direction, slightly wavy."""
    direction = rng.standard_normal(3)
    direction /= np.linalg.norm(direction)
    height = 2.0 * draw_noise(rng, hu.shape, spacing, 12.0)
    for axis in range(3):
        x = np.arange(hu.shape[axis], dtype=np.float32) * spacing[axis] * direction[axis]
        height = height + x.reshape([-1 if i == axis else 1 for i in range(3)])
    return np.asarray(height, np.float32)


_SIGNS = {"swirl": _swirl, "blend": _blend, "black hole": _black_hole, "fluid level": _fluid_level}
