"""What every network of slices is described by: its classes and size, and how slices are prepared for it."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class SliceSettings(BaseModel):
    """Fields that the settings of all networks of slices share; the defaults are SLEX-Net's paper's.

    Attributes
    ----------
    classes : list of str
        By label value, ``background`` first.
    channels : list of int
        Feature maps of the U-Net's levels. The paper: 64, 128, 256, 512, 512.
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
    image_size: Annotated[int, Field(ge=16)] = 224
    field_mm: Annotated[float, Field(gt=0)] = 215.0
    margin_mm: Annotated[float, Field(ge=0)] = 2.0
    level_hu: float = 40.0
    width_hu: Annotated[float, Field(gt=0)] = 90.0

    @model_validator(mode="after")
    def _size_can_be_halved(self) -> Self:
        halvings = 2 ** (len(self.channels) - 1)
        if self.image_size % halvings:
            raise ValueError(
                f"image_size must be a multiple of {halvings}, because the network halves it {len(self.channels) - 1} times"
            )
        return self
