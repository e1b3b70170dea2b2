"""The commands put together."""

from __future__ import annotations

from typing import Annotated

import typer

from .. import __version__
from .calibrate import calibrate
from .compare import compare
from .data import data
from .demo import demo
from .evaluate import evaluate
from .export import export
from .models import models
from .segment import segment
from .simulate import simulate
from .train import train

app = typer.Typer(
    name="hemorrhage",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(segment)
app.command()(compare)
app.command()(demo)
app.command()(simulate)
app.command()(evaluate)
app.command()(train)
app.command()(calibrate)
app.command()(export)
app.add_typer(models, name="models")
app.add_typer(data, name="data")


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"hemorrhage {__version__}")
        raise typer.Exit


@app.callback()
def _describe(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Segment intracranial hemorrhage in head CT, and say how sure the segmentation is.

    Research use only, not for diagnosis.

    Examples
    --------
    - `hemorrhage demo` - try it on a simulated CT
    - `hemorrhage segment ct.nii.gz -o result`
    - `hemorrhage segment DICOM-FOLDER -o result --model MY-NNUNET-FOLDER`
    """
