"""What is read off the posterior maps: volumes with intervals, lesions, ABC/2 and places worth a second look; and their change.

What needs SciPy is imported when it is first used: a host that only compares volumes does not wait for it.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..anatomical_axes import AnatomicalAxes as AnatomicalAxes
    from .abc2 import abc2_ml as abc2_ml
    from .expansion import ExpansionCriterion as ExpansionCriterion
    from .expansion import VolumeChange as VolumeChange
    from .expansion import compare_results as compare_results
    from .expansion import compare_volumes as compare_volumes
    from .lesions import find_lesions as find_lesions
    from .places import find_places as find_places
    from .result import build_segmentation as build_segmentation
    from .volumes import estimate_volumes as estimate_volumes

_HOME_OF = {
    "AnatomicalAxes": "..anatomical_axes",
    "ExpansionCriterion": ".expansion",
    "VolumeChange": ".expansion",
    "abc2_ml": ".abc2",
    "build_segmentation": ".result",
    "compare_results": ".expansion",
    "compare_volumes": ".expansion",
    "estimate_volumes": ".volumes",
    "find_lesions": ".lesions",
    "find_places": ".places",
}

__all__ = sorted(_HOME_OF)


def __getattr__(name: str) -> Any:
    if name in _HOME_OF:
        return getattr(importlib.import_module(_HOME_OF[name], __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
