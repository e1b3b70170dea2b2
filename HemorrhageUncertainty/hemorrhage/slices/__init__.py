"""What networks that see a CT slice by slice have in common: preparation of the slices, the U-Net, running a stack of them."""

from .settings import SliceSettings

__all__ = ["SliceSettings"]
