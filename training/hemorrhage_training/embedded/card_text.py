"""What the cards of the embedded models say in the same words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def anatomy_lines(real_anatomy: Mapping[str, int]) -> list[str]:
    """Say on which real heads how many training cases are based."""
    if not real_anatomy:
        return []
    shares = ", ".join(f"{cases} on {name}" for name, cases in sorted(real_anatomy.items()))
    return [f"Some cases deform the anatomy of a real head or template instead of a synthetic one: {shares}."]


def measured_lines(prediction: str, figures: Mapping[str, Any]) -> list[str]:
    """Return the section of what was measured (Markdown).

    Parameters
    ----------
    prediction : str
        A sentence: what was predicted, with how many samples.
    figures : mapping
        From `hemorrhage_training.embedded.evaluation.evaluate_embedded`, and ``real_ct_in_training``.
    """
    lines = [
        "## Measured on unseen simulated cases",
        "",
        f"{prediction} Means are over the cases that have the class; a lesion counts as found if at least a tenth of it is "
        "called hemorrhage.",
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
    lines.append("")
    if figures["mean_foreground_dice"] is not None:
        lines.append(f"Mean Dice over the subtypes: {figures['mean_foreground_dice']:.2f}.")
    if figures["hemorrhage_free_cases"]:
        lines.append(
            f"On {figures['hemorrhage_free_cases']} hemorrhage-free simulated cases: {figures['false_positive_ml_mean']:.2f} mL "
            f"called hemorrhage on average, {figures['false_positive_ml_max']:.2f} mL at most."
        )
    if "real_hemorrhage_free_ct_ml" in figures:
        used = "its anatomy, deformed, was in training" if figures["real_ct_in_training"] else "not used in training"
        lines.append(f"On one real CT without hemorrhage ({used}): {figures['real_hemorrhage_free_ct_ml']:.2f} mL.")
    return lines
