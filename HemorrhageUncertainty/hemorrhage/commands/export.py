"""``hemorrhage export``: from nnU-Net's results to a model folder."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from .options import Overwrite


def export(
    results: Annotated[Path, typer.Argument(metavar="RESULTS", help="nnU-Net's trained-model folder (with fold_0, plans.json).")],
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="Model folder to make.")],
    license_: Annotated[str, typer.Option("--license", help="Licence of the weights, e.g. Apache-2.0 or CC-BY-4.0.")],
    data: Annotated[str, typer.Option("--data", help="What it was trained on: data set, number of patients, their licence.")],
    intended_use: Annotated[str, typer.Option(help="For whom and what for.")] = "Research use only, not for diagnosis.",
    title: Annotated[str | None, typer.Option(help="One line for people.")] = None,
    overwrite: Overwrite = False,
) -> None:
    """Make a model folder from a finished nnU-Net training: weights only, with hashes and a card.

    Examples
    --------
    - `hemorrhage export RESULTS bhsd-model --license CC-BY-4.0 --data "BHSD, 192 CTs of 192 patients"`
    """
    from ..models.exporting import export_model

    card = export_model(
        results, model, license_name=license_, data=data, intended_use=intended_use, title=title, overwrite=overwrite
    )
    typer.echo(f"{model}: {card.title}, SHA-256 {card.sha256[:16]}...")
    named = shlex.quote(str(model))
    typer.echo(f"check it: hemorrhage models verify {named}\nuse it:   hemorrhage segment CT -o OUT --model {named}")
