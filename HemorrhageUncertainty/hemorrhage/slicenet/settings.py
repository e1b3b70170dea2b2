"""What makes one U-Net for slices differ from another."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ..slices import SliceSettings


class SliceNetSettings(SliceSettings):
    """Contents of ``slicenet.json``: the fields of `SliceSettings`, and this.

    Attributes
    ----------
    dropout : float
        Share of the feature maps that training left out, in [0, 1); 0 = none, and then there is no Monte-Carlo dropout.
    """

    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
