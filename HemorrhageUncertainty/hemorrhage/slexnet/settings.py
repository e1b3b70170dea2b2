"""What makes one SLEX-Net differ from another: neighbors and weighting, beside what all networks of slices have."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from ..slices import SliceSettings


class Direction(StrEnum):
    """From where a slice receives expansions."""

    BOTH = "both"
    FORWARD = "forward"
    BACKWARD = "backward"


class Weighting(StrEnum):
    """How much the expansions count."""

    CONSISTENCY = "consistency"
    PLAIN = "plain"


class SlexNetSettings(SliceSettings):
    """Contents of ``slexnet.json``: the fields of `SliceSettings`, and these.

    Attributes
    ----------
    direction : Direction
        ``forward`` and ``backward`` are the paper's variants F and B: from slice i - 1, or i + 1, only.
    reach : int
        Neighbors on each side; with both directions 1, 2, 3, 4 are the paper's SLEX-Net and its variants 4, 6, 8.
    weighting : Weighting
        ``consistency`` (CW-MSA, Eq. 6) or ``plain`` (MSA, Eq. 4).
    beta : float
        Largest weight of each expansion, shared among the neighbors of its side. The paper: 0.2.

    Raises
    ------
    ValidationError
        A value is out of range, or the settings contradict each other.
    """

    direction: Direction = Direction.BOTH
    reach: Annotated[int, Field(ge=1, le=8)] = 1
    weighting: Weighting = Weighting.CONSISTENCY
    beta: Annotated[float, Field(ge=0, le=0.5)] = 0.2

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if self.direction is not Direction.BOTH and self.weighting is Weighting.CONSISTENCY:
            raise ValueError("consistency weighting compares two directions: with one direction, weighting must be plain")
        return self

    @property
    def offsets(self) -> tuple[int, ...]:
        """Slices from which expansions come, relative to the slice itself: below and above by turns, nearest first."""
        sides = {Direction.BOTH: (-1, 1), Direction.FORWARD: (-1,), Direction.BACKWARD: (1,)}[self.direction]
        return tuple(side * distance for distance in range(1, self.reach + 1) for side in sides)
