"""From a head CT to a finished result: the one loop that joins a model's sampler, the posterior and the measures.

The module is not called ``segment``: it would take the place of the function `hemorrhage.segment` once imported.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import ArgumentError, Interrupted, NotAVolumeError
from .head_ct import HeadCT
from .preview import PreviewCallback, is_previewed
from .progress import Progress, ProgressCallback, Stage, StopCallback
from .provenance import library_versions
from .segmentation import Segmentation

if TYPE_CHECKING:
    import numpy as np
    import SimpleITK
    from numpy.typing import NDArray

    from .models import Model
    from .posterior_maps import PosteriorMaps
    from .sampling import Sampler

#: More samples than this are a slip of the keyboard: the votes are counted in 16 bits, and nothing changes beyond a few hundred.
MAX_SAMPLES = 10_000
#: Drawn where nobody asks for a number, unless the method has fewer different ones. The paper of the nnU-Net takes as many.
DEFAULT_SAMPLES = 20


def segment(
    ct: HeadCT | SimpleITK.Image | str | PathLike[str],
    model: Model | str | PathLike[str] = "default",
    samples: int | None = None,
    transforms: int = 5,
    seed: int = 0,
    device: str = "auto",
    method: str | None = None,
    preset: str | None = None,
    progress: ProgressCallback | None = None,
    should_stop: StopCallback | None = None,
    keep_samples: bool = False,
    preview: PreviewCallback | None = None,
) -> Segmentation:
    """Segment intracranial hemorrhage in a head CT, and say how sure the segmentation is.

    Parameters
    ----------
    ct : HeadCT, SimpleITK image, or path
        What `read_ct` reads, or what it would return.
    model : Model, name or folder
        ``default`` is the embedded model; a folder may also be a stock nnU-Net v2 trained-model folder.
    samples : int, optional
        Plausible segmentations to draw, M >= 1; by default 20, as in the paper, or all that the method has if it has fewer
        different ones (SLEX-Net: 3). The method ``slex-tta`` draws M transformed copies with several segmentations each.
    transforms : int
        Random transforms per sample, N >= 0 (the paper: 5); 0 is the network's plain prediction.
    seed : int
        At least 0. Same seed, device and versions: the same result to the bit; the first k samples do not depend on M.
    device : str
        ``auto``, ``cpu``, ``cuda`` or ``cuda:n``.
    method : str, optional
        How samples are drawn: one of `Model.methods`; by default the first of them.
    preset : str, optional
        Distribution of the transforms, ``paper`` or ``anisotropic``; by default the model's, else chosen by the slice thickness.
    progress : callable, optional
        Receives a `Progress` per stage and per sample.
    should_stop : callable, optional
        Asked between samples and within each pass of the network; True ends the run with `Interrupted`.
    keep_samples : bool
        Whether to keep each sample's label map too (`Segmentation.samples`); one byte per voxel and sample.
    preview : callable, optional
        Receives a `Preview` after 1, 2, 4, 8, ... samples. Neither option changes the result.

    Returns
    -------
    Segmentation
        Every map on the CT's own grid.

    Raises
    ------
    ArgumentError
        An argument is out of range, or the model does not offer the method.
    UnreadableInputError, NotAVolumeError, NotACTError, GeometryError, DicomSeriesError
        The CT is not usable.
    ModelError
        The model is not usable.
    ResourceError
        Too little memory.
    Interrupted
        `should_stop` returned True.
    """
    _check_arguments(samples, transforms, seed, preset)
    run = _Run(progress, should_stop)
    started = datetime.now(UTC)
    notes: list[str] = []

    def remark(sentence: str) -> None:
        notes.append(sentence)
        run.say(sentence)

    with run.stage(Stage.READING):
        head = _as_head_ct(ct)
    with run.stage(Stage.LOADING_MODEL):
        opened = _open_model(model)
        network = opened.network(device, report=run.say, should_stop=should_stop)
        sampler = opened.sampler(method, transforms=transforms, preset=preset, network=network, report=remark)
    wanted = DEFAULT_SAMPLES if samples is None else samples
    count = wanted if sampler.largest_count is None else min(wanted, sampler.largest_count)
    if count < wanted and (samples is not None or count == 1):  # three of three, as nobody asked for more, need no remark
        notes.append(_fewer_samples(count, wanted))
    if count * sampler.samples_per_draw > MAX_SAMPLES:
        raise ArgumentError(f"samples must be at most {MAX_SAMPLES // sampler.samples_per_draw} with this method, not {count}")
    maps, drawn, kept = _sample(run, sampler, head, count, seed, opened.classes, keep_samples, preview)
    with run.stage(Stage.SUMMARIZING):
        from .measures import build_segmentation
        from .measures.calibrated_interval import IntervalCalibration
        from .models.calibration import SamplingProcedure

        # torch's memory fallback may have changed device and precision on the way: they are asked for at the end.
        chosen = method or opened.methods[0]
        used = next((str(each["preset"]) for each in drawn if "preset" in each), None)
        provenance = {
            "program": "hemorrhage-uncertainty",
            "versions": library_versions(),
            "started": started.isoformat(timespec="seconds"),
            "model": {"name": opened.name, "title": opened.card.title, "sha256": opened.sha256},
            "method": chosen,
            "method_in_words": sampler.in_words(count),
            "samples": count,
            "transforms": transforms,
            "preset": used,
            "seed": seed,
            "device": str(network.device),
            "precision": network.precision.value,
            "drawn": drawn,
            "input": {"source": head.source, "warnings": list(head.warnings)},
            "seconds": run.seconds,
        }
        notes.extend(network.messages)
        procedure = SamplingProcedure(method=chosen, samples=count, transforms=transforms, presets=[] if used is None else [used])
        segmentation = build_segmentation(
            head,
            opened.classes,
            maps,
            provenance,
            warnings=notes,
            samples=kept,
            calibration=IntervalCalibration.of(opened.card, procedure),
        )
    run.seconds["total"] = round(sum(run.seconds.values()), 3)
    return segmentation


def _sample(
    run: _Run,
    sampler: Sampler,
    ct: HeadCT,
    count: int,
    seed: int,
    classes: tuple[str, ...],
    keep_samples: bool,
    preview: PreviewCallback | None,
) -> tuple[PosteriorMaps, list[dict[str, object]], NDArray[np.uint8] | None]:
    """Make `count` draws into a posterior; return its maps, each sample's recorded parameters, and their label maps if kept."""
    from .kept_samples import KeptSamples
    from .posterior import Posterior, working_voxel_volume_ml

    total = count * sampler.samples_per_draw
    with run.stage(Stage.PREPROCESSING):
        grid = sampler.grid(ct)
        posterior = Posterior(len(classes), working_voxel_volume_ml(ct, grid))
        kept = KeptSamples(grid, total) if keep_samples else None
    drawn: list[dict[str, object]] = []
    with run.stage(Stage.SAMPLING, total):
        for sample in sampler.draw(ct, count, seed):
            posterior.add(sample)
            if kept is not None:
                kept.add(sample)
            drawn.append(dict(sample.parameters))
            run.report(Progress(Stage.SAMPLING, len(drawn), total))
            run.check()
            if preview is not None and is_previewed(len(drawn)):
                preview(posterior.preview(grid, classes, ct.voxel_volume_ml))
    with run.stage(Stage.SUMMARIZING):
        return posterior.summarize(grid), drawn, None if kept is None else kept.labels


class _Run:
    """Reports stages, times them, and stops between them."""

    def __init__(self, progress: ProgressCallback | None, should_stop: StopCallback | None) -> None:
        self.seconds: dict[str, float] = {}
        self._progress = progress
        self._should_stop = should_stop
        self._latest = Progress(Stage.READING)

    @contextmanager
    def stage(self, stage: Stage, total: int = 0) -> Iterator[None]:
        self.check()
        self.report(Progress(stage, 0, total))
        start = time.perf_counter()
        yield
        self.seconds[stage.value] = round(self.seconds.get(stage.value, 0.0) + time.perf_counter() - start, 3)

    def report(self, progress: Progress) -> None:
        self._latest = progress
        if self._progress is not None:
            self._progress(progress)

    def say(self, message: str) -> None:
        self.report(Progress(self._latest.stage, self._latest.done, self._latest.total, message))

    def check(self) -> None:
        if self._should_stop is not None and self._should_stop():
            raise Interrupted("stopped as asked; nothing was written")


def _fewer_samples(count: int, samples: int) -> str:
    """Say why `count` samples were drawn instead of `samples`."""
    if count == 1:
        return (
            f"Without random transforms there is one prediction: {count} sample was drawn instead of {samples}, "
            "so the intervals have no width and the maps show no disagreement."
        )
    return f"With this model the method has {count} different samples of a CT: {count} were drawn instead of {samples}."


def _check_arguments(samples: int | None, transforms: int, seed: int, preset: str | None) -> None:
    wanted = DEFAULT_SAMPLES if samples is None else samples
    for name, value, low in (("samples", wanted, 1), ("transforms", transforms, 0), ("seed", seed, 0)):
        if isinstance(value, bool) or not hasattr(value, "__index__"):
            raise ArgumentError(f"{name} must be a whole number, not {value!r}")
        if value < low:
            raise ArgumentError(f"{name} must be {low} or more, not {value}")
    if wanted > MAX_SAMPLES:
        raise ArgumentError(f"samples must be at most {MAX_SAMPLES}, not {wanted}")
    if preset is not None:
        from .transforms.transform_preset import TransformPreset

        if preset not in list(TransformPreset):
            raise ArgumentError(f"{preset!r} is not a preset of transforms: choose one of {', '.join(TransformPreset)}")


def _open_model(model: Model | str | PathLike[str]) -> Model:
    from .models import Model, load_model

    if isinstance(model, Model):
        return model
    return load_model(model if isinstance(model, str) else Path(model))


def _as_head_ct(ct: HeadCT | SimpleITK.Image | str | PathLike[str]) -> HeadCT:
    if isinstance(ct, HeadCT):
        return _checked(ct)
    if isinstance(ct, str | PathLike):
        from .reading import read_ct

        return read_ct(ct)
    import SimpleITK

    if isinstance(ct, SimpleITK.Image):
        from .reading import from_simpleitk

        return from_simpleitk(ct)
    raise NotAVolumeError(
        f"cannot segment a {type(ct).__name__}: give a path, a SimpleITK image, or HeadCT(hu, affine) for an array"
    )


def _checked(ct: HeadCT) -> HeadCT:
    """Return a HeadCT that passed what a file has to pass; one that was read has passed it already and is not changed."""
    from dataclasses import replace

    from .reading import check_is_ct

    found = check_is_ct(ct.hu, ct.spacing)
    new = tuple(warning for warning in found if warning not in ct.warnings)
    return replace(ct, warnings=ct.warnings + new) if new else ct
