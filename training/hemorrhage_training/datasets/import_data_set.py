"""From a public data set on disk to nnU-Net's raw format with a manifest."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hemorrhage import __version__
from hemorrhage.errors import ArgumentError, Interrupted
from hemorrhage.progress import Progress, ProgressCallback, Stage, StopCallback

from .case_import import ImportedCase, import_case
from .defects import CaseDefectError, DataSetError
from .label_order import LabelOrder, LabelOrderVerdict, judge_label_order
from .manifest import (
    MANIFEST,
    CaseRecord,
    LabelOrderRecord,
    LeftOut,
    Manifest,
    SourceRecord,
    SplitRecord,
    write_manifest,
)
from .patient_split import SplitWish, nnunet_splits, split_cases
from .source_case import SourceDataSet, Split
from .sources import find_cases
from .staging import ImportTask, Staging, open_staging

DATASET = "dataset.json"
SPLITS = "splits_final.json"
#: Shear in degrees from which SimpleITK, nnU-Net's usual reader, would refuse or change the grid.
_SHEARED_DEG = 0.1


def import_data_set(
    kind: str,
    source: str | Path,
    destination: str | Path,
    wish: SplitWish | None = None,
    *,
    voxel_subtypes: bool = False,
    trust_label_order: bool = False,
    overwrite: bool = False,
    progress: ProgressCallback | None = None,
    should_stop: StopCallback | None = None,
) -> Manifest:
    """Import a data set.

    A case with a defect is left out and named, the rest goes on. Nothing appears at `destination` before everything is
    written; a run that was stopped or killed goes on where it was when the same import is started again.

    Parameters
    ----------
    kind : str
        One of `sources.KINDS`.
    source : path
        Folder with the unpacked data set.
    destination : path
        Receives ``imagesTr``, ``labelsTr``, ``imagesTs``, ``labelsTs``, ``raters``, ``dataset.json``, ``splits_final.json``
        and ``manifest.json``.
    wish : SplitWish, optional
        How to divide the cases.
    voxel_subtypes : bool
        See `find_ctich`.
    trust_label_order : bool
        Import even if the labels cannot be what they are called.
    overwrite : bool
        Replace a data set that was imported to `destination` earlier.
    progress, should_stop : callbacks

    Returns
    -------
    Manifest
        Also in ``manifest.json``; what was left out is in `Manifest.left_out`.

    Raises
    ------
    DataSetError
        The folder does not look like this data set, no case is usable, or its labels cannot be what they are called.
    OutputExistsError, ArgumentError
        About the destination or the numbers asked for.
    ResourceError
        The disk is full; free space and start the same import again.
    Interrupted
        `should_stop` returned True.
    """
    wish = wish or SplitWish()
    if wish.folds < 2 or wish.seed < 0 or not 0 <= wish.test_fraction < 1:
        raise ArgumentError("give at least 2 folds, a seed of at least 0 and a test fraction from 0 to below 1")
    found = find_cases(kind, Path(source).expanduser().absolute(), voxel_subtypes=voxel_subtypes)
    task = ImportTask(kind=kind, source=str(found.folder), voxel_subtypes=voxel_subtypes, program=f"hemorrhage {__version__}")
    staging = open_staging(Path(destination).expanduser().absolute(), task, overwrite=overwrite)
    imported, left_out = _import_cases(found, staging, progress or _silent, should_stop)
    if not imported:
        raise DataSetError(f"no case of {found.folder} can be used; the first problem: {left_out[0].name}: {left_out[0].reason}")
    records = [case.record for case in imported]
    order = judge_label_order(record.depths_mm for record in records)
    if order.verdict is LabelOrderVerdict.IMPLAUSIBLE and not trust_label_order:
        raise DataSetError(
            f"the labels cannot be in the order {', '.join(found.scheme.foreground)}: {'; '.join(order.reasons)}. "
            "Correct the order, or import them as they are with --trust-label-order"
        )
    listed = {case.name: case.split for case in found.cases}
    divided, leaking = split_cases(records, listed, wish)
    official = bool(found.official_split) and wish.use_official
    manifest = Manifest(
        program=task.program,
        source=SourceRecord(kind=kind, folder=str(found.folder)),
        classes=found.scheme.names,
        ignore_label=found.scheme.ignore_value,
        split=SplitRecord(
            rule=f"as in {found.official_split}" if official else "at random by patient, stratified by subtype",
            seed=wish.seed,
            folds=len(nnunet_splits(divided)),
            test_fraction=None if official else wish.test_fraction,
        ),
        label_order=_order_record(order, trusted=trust_label_order),
        cases=tuple(sorted(divided, key=lambda record: record.name)),
        left_out=(*left_out, *leaking),
        warnings=_warnings(found, divided),
    )
    write_manifest(manifest, staging.folder)
    _write_json(staging.folder / DATASET, _dataset_json(found, divided))
    _write_json(staging.folder / SPLITS, nnunet_splits(divided))
    staging.put_in_place(manifest.cases, (MANIFEST, DATASET, SPLITS))
    return manifest


def _import_cases(
    found: SourceDataSet, staging: Staging, progress: ProgressCallback, should_stop: StopCallback | None
) -> tuple[list[ImportedCase], list[LeftOut]]:
    imported: list[ImportedCase] = []
    left_out = [LeftOut(name=name, reason=reason) for name, reason in found.incomplete.items()]
    total, resumed = len(found.cases), 0
    for done, case in enumerate(found.cases):
        if should_stop is not None and should_stop():
            raise Interrupted(f"stopped after {done} of {total} cases; start the same import again to go on")
        result = staging.finished(case)
        if result is not None:
            resumed += 1
            imported.append(result)
            continue
        progress(Progress(Stage.IMPORTING, done, total, f"{resumed} of {total} cases were there already" if resumed else ""))
        resumed = 0
        try:
            result = import_case(case, found, staging.folder)
        except CaseDefectError as error:
            left_out.append(LeftOut(name=case.name, reason=str(error)))
            progress(Progress(Stage.IMPORTING, done + 1, total, f"{case.name} is left out: {error}"))
            continue
        staging.finish(case, result)
        imported.append(result)
    progress(Progress(Stage.IMPORTING, total, total))
    left_out += [each for result in imported for each in result.left_out]
    return imported, left_out


def _silent(progress: Progress) -> None:
    """Without anyone to report to."""


def _order_record(order: LabelOrder, *, trusted: bool) -> LabelOrderRecord:
    return LabelOrderRecord(
        verdict=order.verdict, reasons=order.reasons, median_depth_mm=dict(order.median_depth_mm), trusted=trusted
    )


def _warnings(found: SourceDataSet, records: Sequence[CaseRecord]) -> tuple[str, ...]:
    warnings = list(found.warnings)
    expected = found.expectation.cases
    if expected is not None and len(found.cases) != expected:
        warnings.append(f"{len(found.cases)} cases were found; the publishers name {expected}.")
    lost = [record for record in records if record.lost_tilt_degrees is not None]
    if lost:
        warnings.append(
            f"The headers of {len(lost)} cases look like a gantry tilt that was turned into a rotation: their volumes follow the "
            "header; the manifest has the corrected volume of a voxel beside it."
        )
    for split in Split:
        if not any(record.split is split for record in records):
            warnings.append(f"There is no {split} case.")
    return tuple(warnings)


def _dataset_json(found: SourceDataSet, records: Sequence[CaseRecord]) -> dict[str, Any]:
    """Return ``dataset.json`` of nnU-Net v2."""
    content: dict[str, Any] = {
        "channel_names": {"0": "CT"},
        "labels": found.scheme.to_dataset_json(),
        "numTraining": sum(record.split is Split.TRAINING for record in records),
        "file_ending": ".nii.gz",
        "description": f"Head CT with hemorrhage masks, imported from {found.kind}; see {MANIFEST}.",
    }
    if any(record.gantry_tilt_degrees > _SHEARED_DEG for record in records):
        # SimpleITK, which nnU-Net would choose, does not hold sheared grids.
        content["overwrite_image_reader_writer"] = "NibabelIO"
    return content


def _write_json(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
