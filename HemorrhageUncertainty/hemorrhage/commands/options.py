"""Options that several commands share, with one meaning and one help text."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class ProgressMode(StrEnum):
    """How progress is shown."""

    AUTO = "auto"
    BAR = "bar"
    JSON = "json"
    NONE = "none"


Out = Annotated[Path, typer.Option("--output", "-o", metavar="OUT", help="Folder for the results; made if missing.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace OUT if it exists.")]
ModelName = Annotated[
    str,
    typer.Option(
        "--model", "-m", metavar="NAME|FOLDER", help="Name from `hemorrhage models`, or a model folder (also nnU-Net v2)."
    ),
]
Samples = Annotated[int, typer.Option(min=1, max=10_000, help="Plausible segmentations to draw (M).")]
SamplesOrDefault = Annotated[
    int | None,
    typer.Option(min=1, max=10_000, help="Plausible segmentations to draw (M); default: 20, or all if the method has fewer."),
]
Transforms = Annotated[int, typer.Option(min=0, max=100, help="Random transforms per sample (N); 0 = none.")]
Seed = Annotated[int, typer.Option(min=0, help="Same seed, same device, same versions: same result to the bit.")]
Device = Annotated[str, typer.Option(metavar="auto|cpu|cuda[:n]", help="Where the network runs.")]
Preset = Annotated[
    str | None,
    typer.Option(metavar="paper|anisotropic", help="Distribution of the transforms; default: chosen by the slice thickness."),
]
KeepSamples = Annotated[bool, typer.Option("--keep-samples", help="Also write every sample's label map, samples.nii.gz (4D).")]
ShowProgress = Annotated[
    ProgressMode,
    typer.Option("--progress", help="bar on a terminal, JSON lines on standard output, or none; auto = bar if on a terminal."),
]
