"""A U-Net for slices in our model folder: ``model.json``, ``slicenet.json``, weights, and statistics of training batches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from ..errors import ModelError
from ..method import Method
from ..slicenet import SliceNetSettings
from .contents import ModelContents, Weights
from .model_card import Architecture, ModelCard
from .model_folder import read_safetensors
from .slice_model_folder import read_slice_settings, write_slice_model

SETTINGS_NAME = "slicenet.json"
STATISTICS_NAME = "batch_statistics.safetensors"


def open_slicenet_folder(folder: Path, card: ModelCard) -> ModelContents:
    """Open a folder whose card was read, checking every file against the hash in it.

    Raises
    ------
    ModelError
        A file is missing or altered, or card and settings contradict each other.
    """
    settings = read_slice_settings(folder, card, SETTINGS_NAME, SliceNetSettings)
    possible = offered_methods(settings, len(card.weights), STATISTICS_NAME in card.files)
    impossible = [method.value for method in card.methods if method not in possible]
    if impossible:
        raise ModelError(f"{folder} contradicts itself: model.json offers {impossible[0]!r}, which this model cannot do")
    return ModelContents(folder, card, settings, lambda: [read_safetensors(folder / name) for name in card.weights])


def read_batch_statistics(contents: ModelContents) -> Weights | None:
    """Return what `hemorrhage.slicenet.batch_statistics.record_batch_statistics` recorded; None if the model has none."""
    return read_safetensors(contents.folder / STATISTICS_NAME) if STATISTICS_NAME in contents.card.files else None


def write_slicenet_folder(
    folder: str | Path,
    card: ModelCard,
    weights: Weights | Sequence[Weights],
    settings: SliceNetSettings,
    batch_statistics: Weights | None = None,
) -> ModelCard:
    """Write a model folder that `load_model` opens.

    Parameters
    ----------
    folder : path
        Created if necessary; files of the same names are replaced.
    card : ModelCard
        `method`, `methods`, `files` and `weights` are filled in here.
    weights : mapping of str to tensor, or a sequence of them
        State dict of `hemorrhage.slicenet.network.build_slice_net`'s network; a sequence is an ensemble.
    settings : SliceNetSettings
    batch_statistics : mapping of str to tensor, optional
        From `hemorrhage.slicenet.batch_statistics.record_batch_statistics`; with them, ``mcbn`` is offered.

    Returns
    -------
    ModelCard
        As written, with the hashes.

    Raises
    ------
    ModelError
        Card and settings name different classes, or statistics of batches were given for an ensemble.
    """
    members = [weights] if isinstance(weights, Mapping) else list(weights)
    if batch_statistics is not None and len(members) != 1:
        raise ModelError("statistics of batches belong to one network: leave them out of an ensemble")
    names = ["weights.safetensors"] if len(members) == 1 else [f"weights_{k}.safetensors" for k in range(len(members))]
    return write_slice_model(
        Path(folder),
        card,
        kind=Architecture.SLICENET,
        methods=offered_methods(settings, len(members), batch_statistics is not None),
        settings=settings,
        settings_name=SETTINGS_NAME,
        weights=dict(zip(names, members, strict=True)),
        others=None if batch_statistics is None else {STATISTICS_NAME: batch_statistics},
    )


def offered_methods(settings: SliceNetSettings, members: int, has_statistics: bool) -> list[Method]:
    """Return what a model can do; what it was made for comes first."""
    possible = {
        Method.ENSEMBLE: members > 1,
        Method.DROPOUT: settings.dropout > 0,
        Method.MCBN: has_statistics,
        Method.TTA: True,
        Method.DETERMINISTIC: True,
    }
    return [method for method, is_possible in possible.items() if is_possible]
