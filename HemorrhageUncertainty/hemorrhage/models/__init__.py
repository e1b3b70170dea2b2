"""Models: folders with weights and a card that says what they are; opening one never runs code from it.

What is named here is imported when it is first used, so that `locations` can be asked without the libraries that models need.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .importing import import_model as import_model
    from .model import Model as Model
    from .model_card import ModelCard as ModelCard
    from .model_folder import write_model_folder as write_model_folder
    from .registry import ModelEntry as ModelEntry
    from .registry import list_models as list_models
    from .registry import load_model as load_model
    from .registry import remove_model as remove_model
    from .registry import verify_model as verify_model
    from .slexnet_folder import write_slexnet_folder as write_slexnet_folder
    from .slicenet_folder import write_slicenet_folder as write_slicenet_folder

_HOME_OF = {
    "Model": ".model",
    "ModelCard": ".model_card",
    "ModelEntry": ".registry",
    "import_model": ".importing",
    "list_models": ".registry",
    "load_model": ".registry",
    "remove_model": ".registry",
    "verify_model": ".registry",
    "write_model_folder": ".model_folder",
    "write_slexnet_folder": ".slexnet_folder",
    "write_slicenet_folder": ".slicenet_folder",
}

__all__ = sorted(_HOME_OF)


def __getattr__(name: str) -> Any:
    if name in _HOME_OF:
        return getattr(importlib.import_module(_HOME_OF[name], __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
