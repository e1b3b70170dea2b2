"""``hemorrhage models``: what models there are, what they are, and bringing your own."""

from __future__ import annotations

import json
from typing import Annotated

import typer

models = typer.Typer(
    help="List, inspect, check, import and remove models.",
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)

NameOrFolder = Annotated[str, typer.Argument(metavar="[NAME|FOLDER]", help="Name from the list, or a model folder.")]


@models.callback(invoke_without_command=True)
def _default(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        show_list()


@models.command("list")
def show_list() -> None:
    """List the models that can be named with `--model`."""
    from rich.console import Console
    from rich.table import Table

    from ..models import list_models

    entries = list_models()
    if not entries:
        typer.echo("There are no models; bring one with: hemorrhage models import FILE")
        return
    table = Table()
    for column in ("name", "origin", "what it is"):
        table.add_column(column)
    for entry in entries:
        name = f"{entry.name} ({entry.alias})" if entry.alias else entry.name
        table.add_row(name, entry.origin.value, entry.problem or entry.title)
    Console(soft_wrap=True).print(table)


@models.command()
def info(name: NameOrFolder = "default") -> None:
    """Show a model's card as JSON: classes, methods and what they do, training, measured figures, intended use, hashes."""
    from ..models import load_model

    model = load_model(name)
    record = {
        "name": model.name,
        "folder": str(model.folder),
        "sha256": model.sha256,
        "methods": {method.value: f"{method.full_name}: {method.explanation}" for method in model.card.methods},
        "card": model.card.model_dump(mode="json"),
    }
    typer.echo(json.dumps(record, indent=2, ensure_ascii=False))


@models.command()
def verify(name: NameOrFolder = "default") -> None:
    """Check a model: every file's hash, and that the weights fit the architecture."""
    from ..models import verify_model

    model = verify_model(name)
    typer.echo(f"{model.name} is complete and unaltered (SHA-256 {model.sha256})")


@models.command("import")
def import_(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="Model folder, or zip file with one; also nnU-Net v2 trained models.")
    ],
    name: Annotated[str | None, typer.Option(metavar="NAME", help="Name to give it; default: the model's own.")] = None,
) -> None:
    """Copy a model to the user's models, after checking it; nothing in it is ever run."""
    from ..models import import_model

    model = import_model(file, name)
    typer.echo(f"imported {model.name}: use it with --model {model.name}")


@models.command()
def remove(name: Annotated[str, typer.Argument(metavar="NAME", help="Name from the list.")]) -> None:
    """Delete one of the user's models."""
    from ..models import remove_model

    typer.echo(f"removed {remove_model(name)}")
