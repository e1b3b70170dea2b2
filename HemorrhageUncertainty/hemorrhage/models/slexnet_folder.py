"""A SLEX-Net in our model folder: ``model.json``, ``slexnet.json`` and weights in safetensors."""

from __future__ import annotations

import hashlib
from pathlib import Path

from pydantic import ValidationError

from ..errors import ModelError
from ..slexnet import SlexNetSettings
from .contents import ModelContents, Weights
from .model_card import CARD_NAME, Architecture, Method, ModelCard, read_json
from .model_folder import check_files, read_safetensors

SETTINGS_NAME = "slexnet.json"
WEIGHTS_NAME = "weights.safetensors"


def open_slexnet_folder(folder: Path, card: ModelCard) -> ModelContents:
    """Open a folder whose card was read, checking every file against the hash in it.

    Raises
    ------
    ModelError
        A file is missing or altered, or card and settings contradict each other.
    """
    for required in (SETTINGS_NAME, *card.weights):
        if required not in card.files:
            raise ModelError(f"{folder / CARD_NAME} is damaged: it gives no hash for {required}")
    if len(card.weights) != 1:
        raise ModelError(f"{folder / CARD_NAME} names {len(card.weights)} files of weights, but a SLEX-Net has one")
    check_files(folder, card.files)
    try:
        settings = SlexNetSettings.model_validate(read_json(folder / SETTINGS_NAME))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "settings"
        raise ModelError(f"{folder / SETTINGS_NAME} is damaged: {where}: {first['msg']}") from error
    _check_classes(folder, card, settings)
    return ModelContents(folder, card, settings, lambda: [read_safetensors(folder / card.weights[0])])


def write_slexnet_folder(folder: str | Path, card: ModelCard, weights: Weights, settings: SlexNetSettings) -> ModelCard:
    """Write a model folder that `load_model` opens.

    Parameters
    ----------
    folder : path
        Created if necessary; files of the same names are replaced.
    card : ModelCard
        `method`, `files` and `weights` are filled in here, and `methods` unless it names what a SLEX-Net offers.
    weights : mapping of str to tensor
        State dict of `hemorrhage.slexnet.network.SlexNet`.
    settings : SlexNetSettings

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

    target = Path(folder)
    _check_classes(target, card, settings)
    target.mkdir(parents=True, exist_ok=True)
    contents = {
        SETTINGS_NAME: (settings.model_dump_json(indent=2) + "\n").encode(),
        WEIGHTS_NAME: save({key: tensor.contiguous() for key, tensor in weights.items()}, metadata={"format": "pt"}),
    }
    for name, content in contents.items():
        (target / name).write_bytes(content)
    methods = card.methods if Method.SLEX in card.methods else [Method.SLEX, Method.TTA, Method.DETERMINISTIC]
    update = {
        "method": Architecture.SLEXNET.value,
        "methods": methods,
        "weights": [WEIGHTS_NAME],
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()},
    }
    written = card.model_copy(update=update)
    (target / CARD_NAME).write_text(written.to_json(), encoding="utf-8")
    return written


def _check_classes(folder: Path, card: ModelCard, settings: SlexNetSettings) -> None:
    if settings.classes != card.classes:
        raise ModelError(
            f"{folder} contradicts itself: model.json names the classes {card.classes}, {SETTINGS_NAME} {settings.classes}"
        )
