"""What makes one SLEX-Net differ from another: size, neighbors, weighting, preparation of slices."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Direction(StrEnum):
    """From where a slice receives expansions."""

    BOTH = "both"
    FORWARD = "forward"
    BACKWARD = "backward"


class Weighting(StrEnum):
    """How much the expansions count."""

    CONSISTENCY = "consistency"
    PLAIN = "plain"


class SlexNetSettings(BaseModel):
    """Contents of ``slexnet.json``.

    Attributes
    ----------
    classes : list of str
        By label value, ``background`` first.
    channels : list of int
        Feature maps of the U-Nets' levels. The paper: 64, 128, 256, 512, 512.
    direction : Direction
        ``forward`` and ``backward`` are the paper's variants F and B: from slice i - 1, or i + 1, only.
    reach : int
        Neighbors on each side; with both directions 1, 2, 3, 4 are the paper's SLEX-Net and its variants 4, 6, 8.
    weighting : Weighting
        ``consistency`` (CW-MSA, Eq. 6) or ``plain`` (MSA, Eq. 4).
    beta : float
        Largest weight of each expansion, shared among the neighbors of its side. The paper: 0.2.
    image_size : int
        Rows and columns that the network sees.
    field_mm : float
        Length of that square in mm, centered on the inside of the skull (the paper resizes whole slices of about 215 mm).
    margin_mm : float
        How far beyond the inner table the slices are kept: blood against the skull must not be cut off.
    level_hu, width_hu : float
        The CT window (Eq. 11).

    Raises
    ------
    ValidationError
        A value is out of range, or the settings contradict each other.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    classes: Annotated[list[str], Field(min_length=2)]
    channels: Annotated[list[Annotated[int, Field(ge=1)]], Field(min_length=2)] = [64, 128, 256, 512, 512]
    direction: Direction = Direction.BOTH
    reach: Annotated[int, Field(ge=1, le=8)] = 1
    weighting: Weighting = Weighting.CONSISTENCY
    beta: Annotated[float, Field(ge=0, le=0.5)] = 0.2
    image_size: Annotated[int, Field(ge=16)] = 224
    field_mm: Annotated[float, Field(gt=0)] = 215.0
    margin_mm: Annotated[float, Field(ge=0)] = 2.0
    level_hu: float = 40.0
    width_hu: Annotated[float, Field(gt=0)] = 90.0

    @model_validator(mode="after")
    def _agree(self) -> Self:
        halvings = 2 ** (len(self.channels) - 1)
        if self.image_size % halvings:
            raise ValueError(
                f"image_size must be a multiple of {halvings}, because the network halves it {len(self.channels) - 1} times"
            )
        if self.direction is not Direction.BOTH and self.weighting is Weighting.CONSISTENCY:
            raise ValueError("consistency weighting compares two directions: with one direction, weighting must be plain")
        return self

    @property
    def offsets(self) -> tuple[int, ...]:
        """Slices from which expansions come, relative to the slice itself: below and above by turns, nearest first."""
        sides = {Direction.BOTH: (-1, 1), Direction.FORWARD: (-1,), Direction.BACKWARD: (1,)}[self.direction]
        return tuple(side * distance for distance in range(1, self.reach + 1) for side in sides)
