"""``hemorrhage segment``: from a CT on disk to a folder of results."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..progress import Progress, Stage
from .method_option import Method
from .options import (
    Device,
    KeepSamples,
    ModelName,
    Out,
    Overwrite,
    Preset,
    ProgressMode,
    SamplesOrDefault,
    Seed,
    ShowProgress,
    Transforms,
)
from .output_folder import check_output
from .progress_display import progress_display
from .stopping import stop_requested
from .summary import show_summary


def segment(
    ct: Annotated[Path, typer.Argument(metavar="CT", help="NIfTI, NRRD or MetaImage file, or a DICOM folder.")],
    output: Out,
    model: ModelName = "default",
    samples: SamplesOrDefault = None,
    transforms: Transforms = 5,
    seed: Seed = 0,
    device: Device = "auto",
    method: Method = None,
    preset: Preset = None,
    keep_samples: KeepSamples = False,
    overwrite: Overwrite = False,
    progress: ShowProgress = ProgressMode.AUTO,
) -> None:
    """Segment a head CT, with uncertainty maps, volumes, pictures and a report.

    Examples
    --------
    - `hemorrhage segment ct.nii.gz -o result`
    - `hemorrhage segment DICOM-FOLDER -o result --samples 40 --device cuda`
    - `hemorrhage segment ct.nrrd -o result --model ~/nnUNet_results/Dataset001_X/nnUNetTrainer__nnUNetPlans__3d_fullres`
    """
    folder = check_output(output, overwrite=overwrite)
    with progress_display(progress) as report:
        from ..page_reuse import reuse_freed_memory
        from ..segment_ct import segment as segment_ct

        reuse_freed_memory()
        segmentation = segment_ct(
            ct,
            model=model,
            samples=samples,
            transforms=transforms,
            seed=seed,
            device=device,
            method=method,
            preset=preset,
            progress=report,
            should_stop=stop_requested,
            keep_samples=keep_samples,
        )
        report(Progress(Stage.WRITING))
        segmentation.save(folder, overwrite=overwrite)
    show_summary(segmentation, folder, progress)
