"""A plain U-Net for slices: SLEX-Net's backbone by itself, for the methods of uncertainty that SLEX-Net was compared with."""

from .settings import SliceNetSettings

__all__ = ["SliceNetSettings"]
