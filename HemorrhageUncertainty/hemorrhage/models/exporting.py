"""From a stock nnU-Net v2 trained-model folder to our model folder."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from ..errors import ArgumentError, ModelError, OutputExistsError, ResourceError
from .model_card import NAME_PATTERN, ModelCard, read_json
from .model_folder import DATASET_NAME, PLANS_NAME, is_model_folder, write_model_folder
from .nnunet_folder import checkpoint_files, is_nnunet_folder, open_nnunet_folder, read_checkpoint


def export_model(
    results: Path,
    folder: Path,
    *,
    license_name: str,
    data: str,
    intended_use: str,
    title: str | None = None,
    overwrite: bool = False,
) -> ModelCard:
    """Write a model folder that predicts exactly as the nnU-Net folder does.

    Parameters
    ----------
    results : Path
        nnU-Net's trained-model folder; its folds become an ensemble.
    folder : Path
        Folder to make; its name becomes the model's.
    license_name, data, intended_use : str
        Statements for the card; none may be empty.
    title : str, optional
    overwrite : bool
        Replace a model folder that is there.

    Raises
    ------
    ArgumentError
        A statement is empty, or the folder's name cannot be a model's.
    OutputExistsError
        The folder exists and is not to be replaced, or is no model folder.
    ModelError
        Not an nnU-Net folder, not finished, or not usable (see `open_nnunet_folder`).
    ResourceError
        It cannot be written.
    """
    import re

    for what, text in (("licence", license_name), ("statement about the data", data), ("intended use", intended_use)):
        if not text.strip():
            raise ArgumentError(f"a model needs a {what}: people must know what they may do with it")
    target = Path(os.path.abspath(folder))
    if not re.match(NAME_PATTERN, target.name):
        raise ArgumentError(f"{target.name!r} cannot be a model's name: use letters, digits, dots, dashes and underscores")
    if target.exists() and not (overwrite and is_model_folder(target)):
        what = (
            "is a model already: name another folder, or use --overwrite" if is_model_folder(target) else "exists and is no model"
        )
        raise OutputExistsError(f"{target} {what}")
    if is_model_folder(results):
        raise ModelError(f"{results} is a model folder already: use it as it is, or hemorrhage models import it")
    if not is_nnunet_folder(results):
        raise ModelError(f"{results} is not a trained-model folder of nnU-Net: name the one with plans.json and fold_0 in it")
    contents = open_nnunet_folder(results)
    card = contents.card.model_copy(
        update={
            "name": target.name,
            "title": title or contents.card.title,
            "license": license_name.strip(),
            "intended_use": intended_use.strip(),
            "training": {**contents.card.training, "data": data.strip(), **_training_facts(results)},
            "files": {},
        }
    )
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as scratch:
            partial = Path(scratch, target.name)
            plans, dataset = read_json(results / PLANS_NAME), read_json(results / DATASET_NAME)
            written = write_model_folder(partial, card, contents.read_weights(), plans, dataset)
            if target.exists():
                shutil.rmtree(target)
            os.replace(partial, target)
    except OSError as error:
        raise ResourceError(
            f"{target} cannot be written ({error.strerror or error}): free space or choose another folder"
        ) from error
    return written


def _training_facts(results: Path) -> dict[str, Any]:
    """Return what the checkpoints and plans say about the training."""
    epochs = [int(read_checkpoint(path).get("current_epoch", 0)) for path in checkpoint_files(results)]
    facts: dict[str, Any] = {"epochs": epochs}
    settings = json.loads((results / PLANS_NAME).read_text(encoding="utf-8")).get("uncertainty_weighting")
    return {**facts, "uncertainty_weighting": settings} if settings else facts
