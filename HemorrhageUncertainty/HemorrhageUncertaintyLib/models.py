"""The models that can be selected, read from their cards alone: no library of the engine is needed for that."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

from slicer.i18n import tr as _

from hemorrhage.method import Method, stock_methods
from hemorrhage.models.locations import ALIASES, Origin, embedded_folder, user_folder

_CARD, _PLANS, _DATASET = "model.json", "plans.json", "dataset.json"
_FOLDS = "fold_*"
_SLEXNET = "slexnet"


@dataclass(frozen=True)
class InstalledModel:
    """One model of the selector.

    Attributes
    ----------
    name : str
        What a request names: that of its folder, or the short name of an embedded one, such as ``default``.
    title : str
        One line for people.
    folder : Path
    origin : Origin
        Came with the module, or is the user's.
    methods : tuple of str
        Ways to draw samples; the first is the model's own.
    card : str
        Where it comes from and what it is for, as simple HTML for a tool tip.
    trained : str
        On what it was trained, in one sentence.
    passes : mapping of method to int
        Forward passes of a network that one sample takes, as far as the card tells.
    problem : str
        Why it cannot be used, in a sentence; empty if it looks right.
    """

    name: str
    title: str
    folder: Path
    origin: Origin
    methods: tuple[str, ...] = ()
    card: str = ""
    trained: str = ""
    passes: Mapping[str, int] = field(default_factory=dict)
    problem: str = ""


def listModels() -> list[InstalledModel]:
    """Return the known models: the default one first, then those that came with the module, then the user's."""
    found: dict[str, InstalledModel] = {}
    for origin, parent in ((Origin.EMBEDDED, embedded_folder()), (Origin.USER, user_folder())):
        for folder in _folders(parent):
            found.setdefault(folder.name, _describe(folder, origin))
    return sorted(found.values(), key=lambda model: model.name != "default")


def _folders(parent: Path | None) -> list[Path]:
    """Return the model folders in a folder, which may not exist."""
    try:
        entries = sorted(parent.iterdir()) if parent is not None else []
    except OSError:
        return []
    return [entry for entry in entries if (entry / _CARD).is_file() or _isStock(entry)]


def _isStock(folder: Path) -> bool:
    """Whether a folder looks like what nnU-Net's training leaves."""
    return (folder / _PLANS).is_file() and (folder / _DATASET).is_file() and any(folder.glob(_FOLDS))


def _describe(folder: Path, origin: Origin) -> InstalledModel:
    short = {known: alias for alias, known in ALIASES.items()} if origin is Origin.EMBEDDED else {}
    name = short.get(folder.name, folder.name)
    if not (folder / _CARD).is_file():
        text = _("nnU-Net v2 model without a card: nothing is said about where it was trained and what it is for.")
        methods = tuple(stock_methods(len(list(folder.glob(_FOLDS)))))
        return InstalledModel(name, folder.name, folder, origin, methods, escape(text), text)
    try:
        card = json.loads((folder / _CARD).read_text(encoding="utf-8"))
        methods = tuple(map(str, card.get("methods", stock_methods(1))))
        text, passes = _cardText(card), _passes(card, methods)
        return InstalledModel(name, str(card["title"]), folder, origin, methods, text, _trained(card), passes)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        sentence = _("The model {name} is damaged ({reason}): import it again.").format(name=folder.name, reason=error)
        return InstalledModel(name, folder.name, folder, origin, problem=sentence)


def _mirroredCopies(card: dict[str, Any]) -> int:
    """Return how many the single prediction is the mean of: one where the network sees the whole head at once."""
    return 1 if card.get("windows") == "whole" else 2 ** len(card.get("mirror_axes") or [])


def _passes(card: dict[str, Any], methods: Iterable[str]) -> dict[str, int]:
    """Return the passes of a sample: the networks one after another, and on all mirrored copies where nothing is random.

    A SLEX-Net's are not in its card; the engine tells them.
    """
    if card.get("method") == _SLEXNET:
        return {}
    networks, mirrored = len(card.get("weights") or [""]), _mirroredCopies(card)
    costs = {Method.ENSEMBLE: 1, Method.DETERMINISTIC: networks * mirrored}
    return {method: costs.get(Method(method), networks) for method in methods if method in list(Method)}


def _cardText(card: dict[str, Any]) -> str:
    """Return what a reader must know before using a model."""
    training = card.get("training") or {}
    rows = {
        _("Finds"): ", ".join(map(str, card["classes"][1:])),
        _("For"): card.get("intended_use"),
        _("Input"): card.get("modality"),
        _("Trained on"): ", ".join(f"{_words(key)}: {value}" for key, value in training.items() if _isShort(value)),
        _("License"): card.get("license"),
    }
    lines = [f"<b>{escape(str(card['title']))}</b>"]
    lines += [f"{escape(label)}: {escape(str(text))}" for label, text in rows.items() if text]
    return "<br>".join(lines)


def _trained(card: dict[str, Any]) -> str:
    """Return on what a model was trained, in one sentence: nobody looks for that in a tool tip."""
    data = str((card.get("training") or {}).get("data") or "").strip().rstrip(".")
    return _("Trained on: {data}.").format(data=data) if data else _("Its card does not say on what it was trained.")


def _isShort(value: Any) -> bool:
    return isinstance(value, int | float | str) and len(str(value)) < 200


def _words(key: str) -> str:
    return key.replace("_", " ")
