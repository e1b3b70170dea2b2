"""What model folders of networks of slices have in common: ``model.json``, one file of settings, tensors in safetensors."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from ..errors import ModelError
from ..method import Method
from ..slices import SliceSettings
from .contents import Weights
from .model_card import CARD_NAME, Architecture, ModelCard, read_json
from .model_folder import check_files

Settings = TypeVar("Settings", bound=SliceSettings)


def read_slice_settings(folder: Path, card: ModelCard, name: str, kind: type[Settings]) -> Settings:
    """Check every file of a folder against the hashes of its card, which was read, and return the settings in file `name`.

    Raises
    ------
    ModelError
        A file is missing or altered, or card and settings contradict each other.
    """
    for required in (name, *card.weights):
        if required not in card.files:
            raise ModelError(f"{folder / CARD_NAME} is damaged: it gives no hash for {required}")
    check_files(folder, card.files)
    try:
        settings = kind.model_validate(read_json(folder / name))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "settings"
        raise ModelError(f"{folder / name} is damaged: {where}: {first['msg']}") from error
    _check_classes(folder, card, name, settings)
    return settings


def write_slice_model(
    folder: Path,
    card: ModelCard,
    *,
    kind: Architecture,
    methods: Sequence[Method],
    settings: SliceSettings,
    settings_name: str,
    weights: Mapping[str, Weights],
    others: Mapping[str, Weights] | None = None,
) -> ModelCard:
    """Write a folder.

    Parameters
    ----------
    folder : Path
        Created if necessary; files of the same names are replaced.
    card : ModelCard
        `method`, `methods`, `files` and `weights` are filled in.
    kind : Architecture
    methods : sequence of Method
    settings : SliceSettings
    settings_name : str
    weights, others : mapping of file name to tensors
        `others` are files that are no weights.

    Returns
    -------
    ModelCard
        As written, with the hashes.

    Raises
    ------
    ModelError
        Card and settings name different classes.
    """
    from safetensors.torch import save

    _check_classes(folder, card, settings_name, settings)
    folder.mkdir(parents=True, exist_ok=True)
    contents = {settings_name: (settings.model_dump_json(indent=2) + "\n").encode()}
    for name, tensors in {**weights, **(others or {})}.items():
        contents[name] = save({key: tensor.contiguous() for key, tensor in tensors.items()}, metadata={"format": "pt"})
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    update = {
        "method": kind.value,
        "methods": list(methods),
        "weights": list(weights),
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()},
    }
    written = card.model_copy(update=update)
    (folder / CARD_NAME).write_text(written.to_json(), encoding="utf-8")
    return written


def _check_classes(folder: Path, card: ModelCard, name: str, settings: SliceSettings) -> None:
    if settings.classes != card.classes:
        raise ModelError(f"{folder} contradicts itself: model.json names the classes {card.classes}, {name} {settings.classes}")
