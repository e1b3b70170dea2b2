"""Segment intracranial hemorrhage in head CT, and know how sure the segmentation is. Research use only, not for diagnosis.

>>> import hemorrhage
>>> ct = hemorrhage.simulate_head_ct(seed=0).ct
>>> segmentation = hemorrhage.segment(ct, samples=20)
>>> segmentation.save("out")

Everything heavy (torch, SimpleITK, matplotlib) is imported when it is first used, not here.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .head_ct import HeadCT as HeadCT
    from .hemorrhage_class import HemorrhageClass as HemorrhageClass
    from .models import Model as Model
    from .models import load_model as load_model
    from .reading import read_ct as read_ct
    from .segment_ct import segment as segment
    from .segmentation import Segmentation as Segmentation
    from .simulation import simulate_head_ct as simulate_head_ct

__version__ = "0.1.0"

_HOME_OF = {
    "HeadCT": ".head_ct",
    "HemorrhageClass": ".hemorrhage_class",
    "Model": ".models",
    "Segmentation": ".segmentation",
    "load_model": ".models",
    "read_ct": ".reading",
    "segment": ".segment_ct",
    "simulate_head_ct": ".simulation",
}

__all__ = [*sorted(_HOME_OF), "__version__"]


def __getattr__(name: str) -> Any:
    if name in _HOME_OF:
        return getattr(importlib.import_module(_HOME_OF[name], __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
