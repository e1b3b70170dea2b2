"""The embedded model's card: ``model.json`` for programs, ``README.md`` for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from hemorrhage.hemorrhage_class import SIX_CLASSES
from hemorrhage.models import ModelCard, write_model_folder

from .card_text import anatomy_lines, measured_lines
from .plans import CONFIGURATION, embedded_dataset_json, embedded_plans

_INTENDED_USE = (
    "Shows that everything works, and serves as an example of the format. Trained on simulated head CT only: research use, "
    "not for diagnosis; real use needs a model trained on real data."
)


def embedded_card(model: Path, weights: Mapping[str, Tensor], training: dict[str, Any], evaluation: dict[str, Any]) -> ModelCard:
    """Write the model folder with its ``model.json`` and return the card. Weights are kept in half precision."""
    card = ModelCard(
        name="simulated-nnunet",
        title="Small residual-encoder nnU-Net, trained on simulated head CT",
        classes=list(SIX_CLASSES),
        configuration=CONFIGURATION,
        windows="whole",
        slices="axial",
        region="intracranial",
        mirror_axes=[2],
        preprocessing="box of the skull, HU clipped to -60..160, (HU - 40) / 30, 5 x 1.5 x 1.5 mm",
        training=training,
        evaluation=evaluation,
        intended_use=_INTENDED_USE,
        license="Apache-2.0",
    )
    halves = {name: weight.half() for name, weight in weights.items()}
    return write_model_folder(model, card, halves, embedded_plans(), embedded_dataset_json(training.get("cases", 0)))


def with_earlier(training: Mapping[str, Any], earlier: Mapping[str, Any]) -> dict[str, Any]:
    """Add what an earlier model was trained with (its card's ``training``) to what its weights were then trained on with."""
    total = {key: round(training[key] + earlier[key], 1) for key in ("cases", "steps", "minutes")}
    heads = Counter(training["real_anatomy"]) + Counter(earlier["real_anatomy"])
    return {**training, **total, "real_anatomy": dict(heads)}


def write_card_text(model: Path, training: Mapping[str, Any], figures: Mapping[str, Any]) -> Path:
    """Write the card that people read, from the measured figures alone, and return its path."""
    lines = [
        "# simulated-nnunet",
        "",
        _INTENDED_USE,
        "",
        f"Training: {training['data']}; {training.get('cases', '?')} cases, {training['steps']} steps of one window, "
        f"{training['minutes']} minutes on a CPU.",
        *anatomy_lines(training.get("real_anatomy", {})),
        "",
        *measured_lines(f"Test-time augmentation with {figures['samples']} samples.", figures),
    ]
    path = model / "README.md"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
