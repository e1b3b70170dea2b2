"""The list of models for a client's selector, read from cards alone: nothing is hashed, no weights are opened."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ..errors import ModelError
from ..method import stock_methods
from ..models import ModelEntry, list_models
from ..models.method_details import MethodDetails, method_details, stock_method_details
from ..models.model_card import read_card, read_json
from ..models.model_folder import DATASET_NAME, is_model_folder
from ..models.nnunet_folder import checkpoint_files


@dataclass(frozen=True)
class ModelDescription:
    """One model; fields that are not known without opening it are empty.

    Attributes
    ----------
    name, title, folder : str
    sha256 : str
        As its card claims; empty for a stock nnU-Net folder, which has no card.
    methods, classes : tuple of str
        The first method is the default; the first class is the background.
    intended_use : str
    training, evaluation : dict
        As in the card.
    method_details : list of MethodDetails
        What to show of the methods, in the same order.
    problem : str
        Why it cannot be used; empty if it looks right.
    """

    name: str
    title: str
    folder: str
    sha256: str = ""
    methods: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    intended_use: str = ""
    training: dict[str, Any] = field(default_factory=dict)
    evaluation: dict[str, Any] = field(default_factory=dict)
    method_details: list[MethodDetails] = field(default_factory=list)
    problem: str = ""


def describe_models() -> list[dict[str, Any]]:
    """Return every known model as a dictionary (see `ModelDescription`), the embedded ones first."""
    return [asdict(_describe(entry)) for entry in list_models()]


def _describe(entry: ModelEntry) -> ModelDescription:
    folder = str(entry.folder)
    try:
        if entry.problem:
            raise ModelError(entry.problem)
        if not is_model_folder(entry.folder):
            return _describe_stock(entry)
        card = read_card(entry.folder)
        details = method_details(entry.folder, card)
    except ModelError as error:
        return ModelDescription(entry.name, entry.title, folder, problem=str(error))
    return ModelDescription(
        name=entry.name,
        title=card.title,
        folder=folder,
        sha256=card.sha256,
        methods=tuple(method.value for method in card.methods),
        classes=tuple(card.classes),
        intended_use=card.intended_use,
        training=card.training,
        evaluation=card.evaluation,
        method_details=details,
    )


def _describe_stock(entry: ModelEntry) -> ModelDescription:
    folds = len(checkpoint_files(entry.folder))
    methods = stock_methods(folds)
    return ModelDescription(
        entry.name,
        entry.title,
        str(entry.folder),
        methods=tuple(method.value for method in methods),
        classes=_nnunet_classes(entry.folder),
        method_details=stock_method_details(methods, folds),
    )


def _nnunet_classes(folder: Path) -> tuple[str, ...]:
    """Return the classes of a stock folder by label value; regions, which are lists of labels, are told when it is opened."""
    labels = read_json(folder / DATASET_NAME).get("labels")
    if not isinstance(labels, dict):
        raise ModelError(f"{folder / DATASET_NAME} names no labels")
    return tuple(sorted((str(name) for name, label in labels.items() if isinstance(label, int)), key=lambda name: labels[name]))
