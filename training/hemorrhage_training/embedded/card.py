"""The embedded model's card: ``model.json`` for programs, ``README.md`` for people."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from hemorrhage.hemorrhage_class import SIX_CLASSES
from hemorrhage.models import ModelCard, write_model_folder

from .plans import CONFIGURATION, embedded_dataset_json, embedded_plans

_INTENDED_USE = (
    "Shows that everything works, and serves as an example of the format. Trained on simulated head CT only: research use, "
    "not for diagnosis; real use needs a model trained on real data."
)


def embedded_card(model: Path, weights: Mapping[str, Tensor], training: dict[str, Any], evaluation: dict[str, Any]) -> ModelCard:
    """Write the model folder with its ``model.json`` and return the card."""
    card = ModelCard(
        name="simulated-nnunet",
        title="Small residual-encoder nnU-Net, trained on simulated head CT",
        classes=list(SIX_CLASSES),
        configuration=CONFIGURATION,
        windows="whole",
        slices="axial",
        region="intracranial",
        mirror_axes=[2],
        preprocessing="head box, HU clipped to -60..160, (HU - 40) / 30, 5 x 1.5 x 1.5 mm",
        training=training,
        evaluation=evaluation,
        intended_use=_INTENDED_USE,
        license="Apache-2.0",
    )
    return write_model_folder(model, card, dict(weights), embedded_plans(), embedded_dataset_json(training.get("cases", 0)))


def write_card_text(model: Path, training: Mapping[str, Any], figures: Mapping[str, Any]) -> Path:
    """Write the card that people read, from the measured figures alone, and return its path."""
    lines = [
        "# simulated-nnunet",
        "",
        _INTENDED_USE,
        "",
        f"Training: {training['data']}; {training.get('cases', '?')} cases, {training['steps']} steps of one window, "
        f"{training['minutes']} minutes on a CPU.",
        *_anatomy_lines(training.get("real_anatomy", {})),
        "",
        "## Measured on unseen simulated cases",
        "",
        f"Test-time augmentation with {figures['samples']} samples. Means are over the cases that have the class; "
        "a lesion counts as found if at least a tenth of it is called hemorrhage.",
        "",
        "| class | cases | Dice | volume bias (mL) | mean absolute volume error (mL) | lesions > 1 mL | found |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, row in figures["by_class"].items():
        found = "-" if row["sensitivity_over_1_ml"] is None else f"{row['sensitivity_over_1_ml']:.2f}"
        lines.append(
            f"| {name} | {row['cases']} | {row['dice']:.2f} | {row['volume_bias_ml']:+.1f} | "
            f"{row['volume_mean_absolute_error_ml']:.1f} | {row['lesions_over_1_ml']} | {found} |"
        )
    lines += ["", f"Mean Dice over the subtypes: {figures['mean_foreground_dice']:.2f}."]
    if figures["hemorrhage_free_cases"]:
        lines.append(
            f"On {figures['hemorrhage_free_cases']} hemorrhage-free simulated cases: {figures['false_positive_ml_mean']:.2f} mL "
            f"called hemorrhage on average, {figures['false_positive_ml_max']:.2f} mL at most."
        )
    if "real_hemorrhage_free_ct_ml" in figures:
        used = "its anatomy, deformed, was in training" if figures["real_ct_in_training"] else "not used in training"
        lines.append(f"On one real CT without hemorrhage ({used}): {figures['real_hemorrhage_free_ct_ml']:.2f} mL.")
    path = model / "README.md"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _anatomy_lines(real_anatomy: Mapping[str, int]) -> list[str]:
    """Say on which real heads how many training cases are based."""
    if not real_anatomy:
        return []
    shares = ", ".join(f"{cases} on {name}" for name, cases in sorted(real_anatomy.items()))
    return [f"Some cases deform the anatomy of a real head or template instead of a synthetic one: {shares}."]
