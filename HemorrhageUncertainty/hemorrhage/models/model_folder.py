"""Our model folder of an nnU-Net: ``model.json``, weights in safetensors, and its ``plans.json`` and ``dataset.json``."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ModelError
from ..nnunet.architecture import build_network, distinct_tensors, load_weights
from ..nnunet.network_plans import NetworkPlans, read_plans
from .contents import ModelContents, Weights
from .model_card import CARD_NAME, ModelCard, read_json

if TYPE_CHECKING:
    import torch

PLANS_NAME = "plans.json"
DATASET_NAME = "dataset.json"


def is_model_folder(folder: Path) -> bool:
    """Whether `folder` claims to be one of ours."""
    return (folder / CARD_NAME).is_file()


def open_model_folder(folder: Path, card: ModelCard) -> ModelContents:
    """Open a folder whose card was read, checking every file against the hash in it.

    Raises
    ------
    ModelError
        A file is missing or altered, or card and plans contradict each other.
    """
    for required in (PLANS_NAME, DATASET_NAME, *card.weights):
        if required not in card.files:
            raise ModelError(f"{folder / CARD_NAME} is damaged: it gives no hash for {required}")
    check_files(folder, card.files)
    dataset = read_json(folder / DATASET_NAME)
    plans = read_plans(read_json(folder / PLANS_NAME), dataset, card.configuration)
    if plans.classes != tuple(card.classes):
        raise ModelError(
            f"{folder} contradicts itself: model.json names the classes {card.classes}, dataset.json {list(plans.classes)}"
        )
    return ModelContents(folder, card, plans, lambda: [read_safetensors(folder / name) for name in card.weights])


def check_files(folder: Path, files: Mapping[str, str]) -> None:
    """Raise `ModelError` if one of `files` (name to SHA-256) is missing from `folder` or has another hash."""
    for name, expected in files.items():
        path = folder / name
        if not path.is_file():
            raise ModelError(f"the model folder {folder} is incomplete: {name} is missing")
        if sha256_of(path) != expected:
            raise ModelError(f"the model file {path} was altered or damaged: its SHA-256 is not the one in {CARD_NAME}")


def write_model_folder(
    folder: str | Path,
    card: ModelCard,
    state_dict: Weights | Sequence[Weights],
    plans: Mapping[str, Any],
    dataset_json: Mapping[str, Any],
) -> ModelCard:
    """Write a model folder that `load_model` opens.

    Parameters
    ----------
    folder : path
        Created if necessary; files of the same names are replaced.
    card : ModelCard
        `files` and `weights` are filled in here.
    state_dict : mapping of str to tensor, or a sequence of them
        The network's weights: the keys of the architecture in `plans`. A sequence is an ensemble.
    plans, dataset_json : mapping
        nnU-Net's, JSON-able.

    Returns
    -------
    ModelCard
        As written, with the hashes.
    """
    from safetensors.torch import save

    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    network_plans = read_plans(plans, dataset_json, card.configuration)  # what cannot be opened is not written
    if network_plans.classes != tuple(card.classes):
        raise ModelError(f"the card names the classes {card.classes}, dataset.json {list(network_plans.classes)}")
    folds = [state_dict] if isinstance(state_dict, Mapping) else list(state_dict)
    names = ["weights.safetensors"] if len(folds) == 1 else [f"weights_{k}.safetensors" for k in range(len(folds))]
    contents = {
        PLANS_NAME: (json.dumps(plans, indent=2) + "\n").encode(),
        DATASET_NAME: (json.dumps(dataset_json, indent=2) + "\n").encode(),
    }
    for name, fold in zip(names, folds, strict=True):
        contents[name] = save(_without_aliases(fold, network_plans), metadata={"format": "pt"})
    for name, content in contents.items():
        (target / name).write_bytes(content)
    written = card.model_copy(
        update={"weights": names, "files": {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}}
    )
    (target / CARD_NAME).write_text(written.to_json(), encoding="utf-8")
    return written


def _without_aliases(fold: Weights, plans: NetworkPlans) -> dict[str, torch.Tensor]:
    """Keep each tensor once, in the precision that it came in.

    Networks of nnU-Net register their encoder and convolutions under up to four names; safetensors refuses shared tensors, and
    copies would make the file four times as large. `load_weights` restores the other names from the architecture.
    """
    import torch

    network = build_network(plans)
    load_weights(network, fold)
    precision = reduce(torch.promote_types, {tensor.dtype for tensor in fold.values() if tensor.is_floating_point()})
    return {
        key: tensor.to(precision if tensor.is_floating_point() else tensor.dtype).contiguous().clone()
        for key, tensor in distinct_tensors(network).items()
    }


def read_safetensors(path: Path) -> dict[str, torch.Tensor]:
    """Read a safetensors file.

    Raises
    ------
    ModelError
        Missing, truncated or not safetensors.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path)
    except (SafetensorError, OSError, ValueError, KeyError) as error:
        raise ModelError(f"the weights {path} cannot be read as safetensors: {error}") from error


def sha256_of(path: Path) -> str:
    """Return the hexadecimal SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
