"""nnU-Net at run time: plans, preprocessing, architecture and sliding windows, without nnU-Net's training code."""

from .network import NNUNetNetwork
from .network_plans import NetworkPlans
from .preprocessing import PreparedCT
from .sliding_window import Windows

__all__ = ["NNUNetNetwork", "NetworkPlans", "PreparedCT", "Windows"]
