"""``hemorrhage demo``: everything from a CT to a report, with nothing at hand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..progress import Progress, Stage
from .options import Device, ModelName, Out, Overwrite, ProgressMode, SamplesOrDefault, Seed, ShowProgress, Transforms
from .output_folder import check_output
from .progress_display import progress_display
from .stopping import stop_requested
from .summary import show_summary

if TYPE_CHECKING:
    from ..simulation import SimulatedCase

#: Volume of each simulated hemorrhage: large enough to be seen at a glance.
_EACH_ML = 15.0


def demo(
    output: Out = Path("demo"),
    model: ModelName = "default",
    samples: SamplesOrDefault = None,
    transforms: Transforms = 5,
    seed: Seed = 0,
    device: Device = "auto",
    overwrite: Overwrite = False,
    progress: ShowProgress = ProgressMode.AUTO,
) -> None:
    """Simulate a head CT with hemorrhages, segment it, and compare with what was simulated.

    OUT then holds the results, and `simulated_ct.nii.gz` and `simulated_labels.nii.gz` beside them.

    Example: `hemorrhage demo -o demo`
    """
    folder = check_output(output, overwrite=overwrite)
    with progress_display(progress) as report:
        report(Progress(Stage.SIMULATING))
        from ..simulation import simulate_head_ct

        case = simulate_head_ct(seed, classes=("IPH", "IVH", "SDH"), volume_ml=_EACH_ML)
        from ..page_reuse import reuse_freed_memory
        from ..segment_ct import segment

        reuse_freed_memory()
        segmentation = segment(
            case.ct,
            model=model,
            samples=samples,
            transforms=transforms,
            seed=seed,
            device=device,
            progress=report,
            should_stop=stop_requested,
        )
        report(Progress(Stage.WRITING))
        from ..writing.save_segmentation import save_segmentation

        save_segmentation(
            segmentation,
            folder,
            overwrite=overwrite,
            extra_maps={"simulated_ct": case.ct.hu, "simulated_labels": case.labels},
        )
    show_summary(segmentation, folder, progress, truth_ml=_truth_ml(case))


def _truth_ml(case: SimulatedCase) -> dict[str, float]:
    """Return the simulated volume of each class and of all together, counted in the reference labels."""
    from ..hemorrhage_class import HemorrhageClass

    truth = {
        each.name: float((case.labels == each).sum()) * case.ct.voxel_volume_ml
        for each in HemorrhageClass
        if each is not HemorrhageClass.BACKGROUND
    }
    return {**truth, "total": sum(truth.values())}
