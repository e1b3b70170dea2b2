"""Real anatomy as the base of simulated cases."""

from __future__ import annotations

from .base_head import Base as Base
from .base_head import base_from_ct as base_from_ct
from .base_head import load_base as load_base

__all__ = ["Base", "base_from_ct", "load_base"]
