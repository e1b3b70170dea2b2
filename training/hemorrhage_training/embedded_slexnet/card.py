"""From a trained SLEX-Net to the embedded one: its card gets figures from cases that nothing was trained on."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hemorrhage.errors import OutputExistsError
from hemorrhage.models import ModelCard
from hemorrhage.models.model_card import CARD_NAME, read_card

from ..embedded.card_text import anatomy_lines, measured_lines


def embed(trained: Path, folder: Path, real_anatomy: Mapping[str, int], figures: Mapping[str, Any]) -> ModelCard:
    """Copy a trained model, with what was measured on it, and return its new card.

    Parameters
    ----------
    trained : Path
        Model folder that ``hemorrhage train`` left.
    folder : Path
        Where the model shall lie; its name becomes the model's.
    real_anatomy : mapping of str to int
        Training cases by the real head that they deform.
    figures : mapping
        From `hemorrhage_training.embedded.evaluation.evaluate_embedded`.

    Raises
    ------
    OutputExistsError
        The folder is there.
    ModelError
        `trained` is no model folder.
    """
    if folder.exists():
        raise OutputExistsError(f"{folder} exists: remove it, or name another folder")
    card = read_card(trained)
    card = card.model_copy(
        update={
            "name": folder.name,
            "training": {**card.training, "real_anatomy": dict(real_anatomy), "validation": card.evaluation},
            "evaluation": dict(figures),
        }
    )
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as scratch:
        partial = Path(scratch, folder.name)
        shutil.copytree(trained, partial)
        (partial / CARD_NAME).write_text(card.to_json(), encoding="utf-8")
        (partial / "README.md").write_text(card_text(card), encoding="utf-8")
        os.replace(partial, folder)
    return card


def card_text(card: ModelCard) -> str:
    """Return the card that people read."""
    training, figures = card.training, card.evaluation
    stages = [_stages_in_words(part) for part in (training.get("backbone"), training) if part]
    lines = [
        f"# {card.name}",
        "",
        f"{card.title}. {card.intended_use}",
        "",
        f"Training: {training['data']}; {training['cases']} cases, {'; then '.join(stages)}, on a CPU. Licence: {card.license}.",
        *anatomy_lines(training["real_anatomy"]),
        "",
        *measured_lines(
            f"The mean of SLEX-Net's {figures['samples']} predictions of a CT, as `hemorrhage segment` makes it.", figures
        ),
    ]
    return "\n".join(lines) + "\n"


def _stages_in_words(training: Mapping[str, Any]) -> str:
    stages = " and ".join(f"{run['epochs']} epochs ({run['what']})" for run in training["runs"])
    return f"{stages} of {training['settings']['sampling']['slices_per_epoch']} slices each"
