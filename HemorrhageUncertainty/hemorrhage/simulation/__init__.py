"""Simulated head CT with hemorrhages: a source of cases with known truth that needs no patient."""

from .base import Base, load_base
from .head_ct_simulation import SimulatedCase, simulate_head_ct

__all__ = ["Base", "SimulatedCase", "load_base", "simulate_head_ct"]
