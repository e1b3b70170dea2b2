"""SLEX-Net: each slice segmented by itself and by expansion from its neighbors (Li et al., JBHI 2021)."""

from .settings import Direction, SlexNetSettings, Weighting

__all__ = ["Direction", "SlexNetSettings", "Weighting"]
