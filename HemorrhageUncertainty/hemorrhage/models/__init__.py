"""Models: folders with weights and a card that says what they are; opening one never runs code from it."""

from .importing import import_model
from .model import Model
from .model_card import ModelCard
from .model_folder import write_model_folder
from .registry import ModelEntry, list_models, load_model, remove_model, verify_model

__all__ = [
    "Model",
    "ModelCard",
    "ModelEntry",
    "import_model",
    "list_models",
    "load_model",
    "remove_model",
    "verify_model",
    "write_model_folder",
]
