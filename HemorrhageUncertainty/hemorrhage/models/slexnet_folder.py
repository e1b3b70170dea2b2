"""A SLEX-Net in our model folder: ``model.json``, ``slexnet.json`` and weights in safetensors."""

from __future__ import annotations

from pathlib import Path

from ..errors import ModelError
from ..method import Method
from ..slexnet import SlexNetSettings
from .contents import ModelContents, Weights
from .model_card import CARD_NAME, Architecture, ModelCard
from .model_folder import read_safetensors
from .slice_model_folder import read_slice_settings, write_slice_model

SETTINGS_NAME = "slexnet.json"
WEIGHTS_NAME = "weights.safetensors"


def open_slexnet_folder(folder: Path, card: ModelCard) -> ModelContents:
    """Open a folder whose card was read, checking every file against the hash in it.

    Raises
    ------
    ModelError
        A file is missing or altered, or card and settings contradict each other.
    """
    settings = read_slice_settings(folder, card, SETTINGS_NAME, SlexNetSettings)
    if len(card.weights) != 1:
        raise ModelError(f"{folder / CARD_NAME} names {len(card.weights)} files of weights, but a SLEX-Net has one")
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
    offered = [Method.SLEX, Method.SLEX_TTA, Method.TTA, Method.DETERMINISTIC]
    return write_slice_model(
        Path(folder),
        card,
        kind=Architecture.SLEXNET,
        methods=card.methods if Method.SLEX in card.methods else offered,
        settings=settings,
        settings_name=SETTINGS_NAME,
        weights={WEIGHTS_NAME: weights},
    )
