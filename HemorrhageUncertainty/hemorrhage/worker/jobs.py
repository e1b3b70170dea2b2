"""What the worker does for each request."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import __version__
from ..errors import ArgumentError, HemorrhageError
from ..progress import Progress, Stage
from . import PROTOCOL_VERSION
from .failure import FailureKind, as_sentence, failure_of
from .job_report import JobReport
from .requests import Check, Hello, ImportModel, Job, Segment

if TYPE_CHECKING:
    from ..preview import Preview
    from .resident_model import ModelKeeper


@dataclass(frozen=True)
class Answer:
    """The event that ends a job.

    Attributes
    ----------
    event : str
    fields : dict
        JSON-able.
    """

    event: str
    fields: dict[str, Any]


class Jobs:
    """Does one job at a time, and keeps the latest model between them.

    Heavy imports wait until a job needs them: ``hello`` is answered at once.
    """

    def __init__(self) -> None:
        self._models: ModelKeeper | None = None

    def do(self, job: Job, report: JobReport) -> Answer:
        """Do a job, reporting on the way, and return what to answer; whatever it raises is its failure."""
        match job:
            case Hello():
                return self._hello()
            case Check():
                return self._check(job, report)
            case Segment():
                return self._segment(job, report)
            case ImportModel():
                return self._import_model(job, report)

    def forget_model(self) -> None:
        """Free the model's memory."""
        if self._models is not None:
            self._models.forget()

    def _hello(self) -> Answer:
        from ..provenance import library_versions
        from .devices import device_names
        from .model_catalogue import describe_models

        fields = {
            "protocol": PROTOCOL_VERSION,
            "program": __version__,
            "versions": library_versions(),
            "devices": device_names(),
            "models": describe_models(),
        }
        return Answer("hello", fields)

    def _check(self, job: Check, report: JobReport) -> Answer:
        from ..intracranial_mask import intracranial_mask
        from ..reading import check_is_ct
        from .volume_input import read_volume

        try:
            ct = read_volume(job.volume, report.should_stop)
            report.stop_if_asked()
            warnings = dict.fromkeys((*ct.warnings, *check_is_ct(ct.hu, ct.spacing)))
            report.stop_if_asked()
            if intracranial_mask(ct) is None:
                warnings["no inside of a skull was found: models that work inside the skull only may refuse this CT"] = None
        except HemorrhageError as error:
            failure = failure_of(error)
            if failure.kind is not FailureKind.INPUT:
                raise
            return Answer("checked", {"verdict": "unusable", "sentences": [failure.sentence]})
        sentences = [as_sentence(text) for text in warnings]
        return Answer("checked", {"verdict": "warning" if warnings else "ok", "sentences": sentences})

    def _segment(self, job: Segment, report: JobReport) -> Answer:
        from ..writing.result_folder import check_result_folder
        from .result_files import preview_folder, require_parent, write_preview, write_result
        from .volume_input import read_volume

        folder = _absolute(job.folder)
        require_parent(folder)
        check_result_folder(folder, overwrite=False)
        report.progress(Progress(Stage.READING))
        ct = read_volume(job.volume, report.should_stop)

        from ..page_reuse import reuse_freed_memory
        from ..segment_ct import segment
        from .resident_model import ModelKeeper

        reuse_freed_memory()
        self._models = self._models or ModelKeeper()

        def show(preview: Preview) -> None:
            target = preview_folder(folder, preview.samples)
            write_preview(preview, target)
            report.event("preview", folder=str(target), samples=preview.samples)

        segmentation = segment(
            ct,
            model=self._models.open(job.model),
            samples=job.samples,
            transforms=job.transforms,
            seed=job.seed,
            device=job.device,
            method=job.method,
            preset=job.preset,
            progress=report.progress,
            should_stop=report.should_stop,
            keep_samples=job.keep_samples,
            preview=show if job.preview else None,
        )
        report.progress(Progress(Stage.WRITING))
        write_result(segmentation, folder, report.stop_if_asked)
        return Answer("result", {"folder": str(folder)})

    def _import_model(self, job: ImportModel, report: JobReport) -> Answer:
        from ..models import import_model

        report.progress(Progress(Stage.LOADING_MODEL))
        return Answer("imported", {"name": import_model(job.path).name})


def _absolute(folder: str) -> Path:
    if not folder:
        raise ArgumentError("the request names no folder for the result")
    return Path(os.path.abspath(folder))
