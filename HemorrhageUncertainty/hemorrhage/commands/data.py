"""``hemorrhage data``: bringing in public data sets for training, and checking them."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import ArgumentError, ExitCode
from .options import Overwrite, ProgressMode, ShowProgress
from .progress_display import progress_display
from .stopping import stop_requested

if TYPE_CHECKING:
    from hemorrhage_training.datasets.manifest import Manifest

data = typer.Typer(
    help="Import data sets for training and evaluation, and check them.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)

#: Cases that are named on the terminal; the manifest has all.
_SHOWN = 20


class DataSetKind(StrEnum):
    """Data sets whose layout is known."""

    BHSD = "bhsd"
    MBHSEG = "mbhseg"
    INSTANCE22 = "instance22"
    CTICH = "ctich"
    NNUNET = "nnunet"
    FOLDER = "folder"


class SplitRule(StrEnum):
    """Who decides what is for training and what for test."""

    OFFICIAL = "official"
    RANDOM = "random"


@data.command("import")
def import_(
    kind: Annotated[DataSetKind, typer.Argument(metavar="KIND", help="bhsd, mbhseg, instance22, ctich, nnunet or folder.")],
    source: Annotated[Path, typer.Argument(metavar="SOURCE", help="Folder with the unpacked data set; it is only read.")],
    destination: Annotated[
        Path, typer.Option("--output", "-o", metavar="DEST", help="Folder to make, e.g. nnUNet_raw/Dataset001_BHSD.")
    ],
    split: Annotated[
        SplitRule, typer.Option(help="official: the list that comes with the data set, where there is one; random: never.")
    ] = SplitRule.OFFICIAL,
    test_fraction: Annotated[float, typer.Option(min=0.0, max=0.9, help="Share of patients for test in a random split.")] = 0.2,
    folds: Annotated[int, typer.Option(min=2, max=20, help="Folds of cross-validation over the training patients.")] = 5,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same split and folds.")] = 0,
    voxel_subtypes: Annotated[
        bool,
        typer.Option(
            "--voxel-subtypes",
            help="ctich: subtypes for the voxels of slices with exactly one; the ignore label where there are several or none.",
        ),
    ] = False,
    trust_label_order: Annotated[
        bool, typer.Option("--trust-label-order", help="Import although classes lie where they cannot be (see the message).")
    ] = False,
    overwrite: Overwrite = False,
    progress: ShowProgress = ProgressMode.AUTO,
) -> None:
    """Check a data set and write it in nnU-Net's raw format, divided by patient, with a manifest.

    A case that cannot be used is named and left out, and the exit code is 5. After an interruption the same command goes on.

    Examples
    --------
    - `hemorrhage data import bhsd label_192 -o nnUNet_raw/Dataset001_BHSD`
    - `hemorrhage data import folder MY-DATA -o nnUNet_raw/Dataset002_Mine --test-fraction 0.3 --seed 1`
    """
    _require_training_package()
    with progress_display(progress) as report:
        from hemorrhage_training.datasets.import_data_set import import_data_set
        from hemorrhage_training.datasets.patient_split import SplitWish

        manifest = import_data_set(
            kind.value,
            source,
            destination,
            SplitWish(seed, test_fraction, folds, use_official=split is SplitRule.OFFICIAL),
            voxel_subtypes=voxel_subtypes,
            trust_label_order=trust_label_order,
            overwrite=overwrite,
            progress=report,
            should_stop=stop_requested,
        )
    folder = destination.expanduser().absolute()
    if progress is ProgressMode.JSON:
        print(json.dumps(_result_line(manifest, folder)), flush=True)
    else:
        _show(manifest, folder)
    if manifest.left_out:
        raise typer.Exit(ExitCode.PARTLY_DONE)


@data.command()
def check(
    folder: Annotated[Path, typer.Argument(metavar="DEST", help="Folder made by `hemorrhage data import`.")],
    progress: ShowProgress = ProgressMode.AUTO,
) -> None:
    """Check that an imported data set is complete and unaltered; the exit code is 2 if not."""
    _require_training_package()
    with progress_display(progress) as report:
        from hemorrhage_training.datasets.check_data_set import check_data_set

        manifest, problems = check_data_set(folder, progress=report, should_stop=stop_requested)
    if progress is ProgressMode.JSON:
        print(json.dumps({"event": "result", "cases": len(manifest.cases), "problems": list(problems)}), flush=True)
    else:
        for problem in problems:
            typer.echo(problem)
        verdict = f"{len(problems)} problems found" if problems else "complete and unaltered"
        typer.echo(f"{len(manifest.cases)} cases in {folder}: {verdict}")
    if problems:
        raise typer.Exit(ExitCode.UNUSABLE_INPUT)


def _require_training_package() -> None:
    from importlib.util import find_spec

    if find_spec("hemorrhage_training") is None:
        raise ArgumentError("data sets need the training package: pip install 'hemorrhage-uncertainty[train]'")


def _result_line(manifest: Manifest, folder: Path) -> dict[str, object]:
    return {
        "event": "result",
        "output": str(folder),
        "cases": len(manifest.cases),
        "left_out": [entry.model_dump() for entry in manifest.left_out],
        "warnings": list(manifest.warnings),
    }


def _show(manifest: Manifest, folder: Path) -> None:
    from collections import Counter

    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"{manifest.source.kind}: cases with each class")
    table.add_column("class")
    splits = Counter(record.split for record in manifest.cases)
    for split in splits:
        table.add_column(split.value, justify="right")
    for name in manifest.classes[1:]:
        table.add_row(name, *(str(sum(name in r.volumes_ml for r in manifest.cases if r.split is split)) for split in splits))
    table.add_section()
    table.add_row("all cases", *(str(count) for count in splits.values()), style="bold")
    console = Console(soft_wrap=True, highlight=False)
    console.print(table)
    console.print(f"Split {manifest.split.rule}; label order: {manifest.label_order.verdict}.", markup=False)
    for warning in manifest.warnings:
        console.print(f"note: {warning}", markup=False)
    remarks = sum(bool(record.warnings) for record in manifest.cases)
    if remarks:
        console.print(f"note: {remarks} cases have remarks in manifest.json", markup=False)
    for entry in manifest.left_out[:_SHOWN]:
        console.print(f"left out: {entry.name}: {entry.reason}", markup=False)
    if len(manifest.left_out) > _SHOWN:
        console.print(f"left out: {len(manifest.left_out) - _SHOWN} more, see manifest.json", markup=False)
    console.print(f"{len(manifest.cases)} cases in {folder}", markup=False)
