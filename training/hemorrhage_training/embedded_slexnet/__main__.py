"""Commands that make the embedded SLEX-Net: ``data-set``, then ``hemorrhage train``, then ``export``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from hemorrhage.errors import HemorrhageError
from hemorrhage.page_reuse import reuse_freed_memory
from hemorrhage.reading import read_ct

from ..embedded.evaluation import evaluate_embedded
from .card import embed
from .one_class import one_class
from .pooled_cases import data_set_from_pool, files_of_pool, real_anatomy

#: Predictions that a SLEX-Net has of a CT.
_HYPOTHESES = 3

app = typer.Typer(help="Make the embedded SLEX-Net from simulated head CT.", no_args_is_help=True)


@app.command("data-set")
def data_set(
    pool: Annotated[Path, typer.Argument(help="Pool of the embedded nnU-Net (python -m hemorrhage_training.embedded simulate).")],
    folder: Annotated[Path, typer.Argument(help="Data set in nnU-Net's raw format to make.")],
    cases: Annotated[int, typer.Option(help="How many of the pool's cases.")] = 300,
    validation: Annotated[int, typer.Option(help="How many of them validate.")] = 12,
) -> None:
    """Turn cases of the pool into a data set to train with, in which all hemorrhage is one class."""
    one_class(data_set_from_pool(files_of_pool(pool, cases), folder, validation))


@app.command()
def export(
    trained: Annotated[Path, typer.Argument(help="Model folder that the training left.")],
    data: Annotated[Path, typer.Argument(help="Data set that it was trained with.")],
    model: Annotated[Path, typer.Argument(help="Model folder to write.")],
    unseen: Annotated[int, typer.Option(help="Unseen simulated cases with hemorrhage in the model card.")] = 40,
    hemorrhage_free: Annotated[int, typer.Option(help="Unseen simulated cases without hemorrhage.")] = 20,
    real: Annotated[Path | None, typer.Option(help="A real hemorrhage-free CT to report on.")] = None,
    jobs: Annotated[int, typer.Option(help="Processes that share the evaluation.")] = 1,
) -> None:
    """Evaluate the trained model on unseen cases and write it with its card."""
    reuse_freed_memory()
    on_real_heads = real_anatomy(data)
    figures = evaluate_embedded(trained, unseen, hemorrhage_free, _HYPOTHESES, read_ct(real) if real else None, jobs)
    if real:
        figures["real_ct_in_training"] = real.name in on_real_heads
    embed(trained, model, on_real_heads, figures)
    typer.echo(json.dumps(figures, indent=1))


if __name__ == "__main__":
    try:
        app()
    except HemorrhageError as error:
        sys.exit(str(error))
