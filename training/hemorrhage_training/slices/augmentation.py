"""Random flips, turns and sizes of a slice with its neighbors and labels: drawn in one place, applied in another."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict, Field
from torch.nn.functional import affine_grid, grid_sample


class AugmentationSettings(BaseModel):
    """How much training slices vary.

    Attributes
    ----------
    flips : bool
        Mirror rows, columns and the order of slices, each in half of the draws: files come in every handedness, and MC-TTA flips
        every axis.
    rotation_degrees : float
        Largest turn in the plane, either way.
    scale : float
        Largest enlargement or reduction, as a share of the size.
    contrast : float
        Largest change of contrast about the window's middle, as a share.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    flips: bool = True
    rotation_degrees: Annotated[float, Field(ge=0, le=180)] = 10.0
    scale: Annotated[float, Field(ge=0, lt=1)] = 0.1
    contrast: Annotated[float, Field(ge=0, lt=1)] = 0.1


@dataclass(frozen=True)
class SliceVariation:
    """One draw.

    Attributes
    ----------
    flipped : tuple of int
        Axes (0 = slices, 1 = rows, 2 = columns) that are mirrored.
    degrees : float
    scale : float
        1 = as it is.
    contrast : float
        1 = as it is.
    """

    flipped: tuple[int, ...] = ()
    degrees: float = 0.0
    scale: float = 1.0
    contrast: float = 1.0


def draw_variation(rng: np.random.Generator, settings: AugmentationSettings) -> SliceVariation:
    """Draw a variation."""
    flipped = tuple(np.flatnonzero(rng.random(3) < 0.5).tolist()) if settings.flips else ()
    degrees, scale, contrast = rng.uniform(-1, 1, 3) * (settings.rotation_degrees, settings.scale, settings.contrast)
    return SliceVariation(flipped, float(degrees), 1 + float(scale), 1 + float(contrast))


def varied(images: torch.Tensor, labels: torch.Tensor, variation: SliceVariation) -> tuple[torch.Tensor, torch.Tensor]:
    """Apply a variation, the same to all slices.

    Parameters
    ----------
    images : (N, S, S) float tensor
        Windowed to [0, 1]; pixels have the same length in both directions.
    labels : (N, S, S) uint8 tensor

    Returns
    -------
    images, labels
        Of the same shapes and types; beyond the old border both are 0.
    """
    images, labels = images.flip(variation.flipped), labels.flip(variation.flipped)
    if variation.degrees or variation.scale != 1:
        turn = math.radians(variation.degrees)
        cosine, sine = math.cos(turn) / variation.scale, math.sin(turn) / variation.scale
        matrix = torch.tensor([[[cosine, -sine, 0.0], [sine, cosine, 0.0]]])
        grid = affine_grid(matrix, [1, len(images), *images.shape[1:]], align_corners=False)
        images = grid_sample(images[None], grid, align_corners=False)[0]
        labels = grid_sample(labels[None].float(), grid, mode="nearest", align_corners=False)[0].to(labels.dtype)
    if variation.contrast != 1:
        shown = images > 0  # 0 is also what lies outside the skull, and stays that
        images = torch.where(shown, ((images - 0.5) * variation.contrast + 0.5).clamp(0, 1), images)
    return images, labels
