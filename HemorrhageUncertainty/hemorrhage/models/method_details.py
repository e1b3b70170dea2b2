"""What a client shows of a model's methods: names, explanations, and what they cost with this model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import ModelError
from ..method import Method
from .model_card import Architecture, ModelCard, read_json
from .slexnet_folder import SETTINGS_NAME


@dataclass(frozen=True)
class MethodDetails:
    """One method of one model.

    Attributes
    ----------
    name : str
        What a request names.
    title, explanation : str
        Its name for people, and what a sample is, in one sentence.
    passes_per_sample : int or None
        Forward passes over the CT, of one U-Net of the model, for each sample that is asked for; None = not known without
        opening the model.
    """

    name: str
    title: str
    explanation: str
    passes_per_sample: int | None


def method_details(folder: Path, card: ModelCard) -> list[MethodDetails]:
    """Return the methods of a model whose card was read, its default first.

    Raises
    ------
    ModelError
        Another file of the folder that tells the cost is missing or damaged.
    """
    return [_details(method, _passes(method, folder, card)) for method in card.methods]


def stock_method_details(methods: Sequence[Method], folds: int) -> list[MethodDetails]:
    """Return the methods of a stock nnU-Net folder with so many folds, which is not opened: its mirroring is not known."""
    passes = {Method.DETERMINISTIC: None, Method.ENSEMBLE: 1}
    return [_details(method, passes.get(method, folds)) for method in methods]


def _details(method: Method, passes: int | None) -> MethodDetails:
    return MethodDetails(method.value, method.full_name, method.explanation, passes)


def _passes(method: Method, folder: Path, card: ModelCard) -> int:
    if card.method == Architecture.SLEXNET:
        return 1 if method is Method.SLEX else _hypotheses(folder)
    if method is Method.ENSEMBLE:
        return 1
    mirrored = method is Method.DETERMINISTIC and card.windows == "trained"
    return (2 ** len(card.mirror_axes) if mirrored else 1) * len(card.weights)


def _hypotheses(folder: Path) -> int:
    """Return how many U-Nets a SLEX-Net runs over every slice, without checking its other files."""
    from pydantic import ValidationError

    from ..slexnet import SlexNetSettings

    try:
        return 1 + len(SlexNetSettings.model_validate(read_json(folder / SETTINGS_NAME)).offsets)
    except ValidationError as error:
        raise ModelError(f"{folder / SETTINGS_NAME} is damaged: {error.errors()[0]['msg']}") from error
