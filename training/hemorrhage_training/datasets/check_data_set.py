"""Whether an imported data set is still what its manifest says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from hemorrhage.errors import HemorrhageError, Interrupted, ResourceError
from hemorrhage.progress import Progress, ProgressCallback, Stage, StopCallback
from hemorrhage.reading import read_ct

from .case_import import file_record
from .defects import CaseDefectError
from .import_data_set import DATASET, SPLITS
from .manifest import MANIFEST, CaseRecord, FileRecord, Manifest, read_manifest
from .mask_file import read_mask
from .mask_on_ct import values_on_grid
from .patient_split import nnunet_splits
from .source_case import Split

_FOLDERS = ("imagesTr", "labelsTr", "imagesTs", "labelsTs", "raters")


def check_data_set(
    folder: str | Path, *, progress: ProgressCallback | None = None, should_stop: StopCallback | None = None
) -> tuple[Manifest, tuple[str, ...]]:
    """Compare a data set with its manifest, file by file.

    Every file is there and unaltered (SHA-256) and nothing else is; CT and labels can be read and lie on one grid; labels hold
    the manifest's classes and volumes; no patient is in two splits or two folds; ``dataset.json`` and ``splits_final.json``
    agree with the manifest.

    Returns
    -------
    manifest : Manifest
    problems : tuple of str
        One sentence each; empty if all is well.

    Raises
    ------
    DataSetError
        There is no manifest, or it cannot be read.
    Interrupted
        `should_stop` returned True.
    """
    folder = Path(folder).expanduser().absolute()
    manifest = read_manifest(folder)
    problems = [*_apart_patients(manifest), *_foreign_files(folder, manifest), *_disagreeing_tables(folder, manifest)]
    for done, record in enumerate(manifest.cases):
        if should_stop is not None and should_stop():
            raise Interrupted(f"stopped after {done} of {len(manifest.cases)} cases")
        if progress is not None:
            progress(Progress(Stage.CHECKING, done, len(manifest.cases)))
        problems += [f"{record.name}: {problem}" for problem in _case_problems(folder, record, manifest)]
    return manifest, tuple(problems)


def _apart_patients(manifest: Manifest) -> Iterator[str]:
    places: dict[str, set[tuple[Split, int | None]]] = {}
    for record in manifest.cases:
        places.setdefault(record.patient, set()).add((record.split, record.fold))
    for patient, found in sorted(places.items()):
        if len({split for split, _ in found}) > 1:
            yield f"patient {patient} is in training and test"
        elif len(found) > 1:
            yield f"patient {patient} is in several folds"


def _foreign_files(folder: Path, manifest: Manifest) -> Iterator[str]:
    known = {file.path for record in manifest.cases for file in record.written}
    for name in _FOLDERS:
        for path in sorted((folder / name).glob("*")):
            if path.relative_to(folder).as_posix() not in known:
                yield f"{path.relative_to(folder)} is not in the manifest"


def _disagreeing_tables(folder: Path, manifest: Manifest) -> Iterator[str]:
    labels: dict[str, int] = {name: value for value, name in enumerate(manifest.classes)}
    if manifest.ignore_label is not None:
        labels["ignore"] = manifest.ignore_label
    try:
        dataset = json.loads((folder / DATASET).read_text(encoding="utf-8"))
        if dataset["labels"] != labels:
            yield f"{DATASET} has other labels than the manifest"
        if dataset["numTraining"] != sum(record.split is Split.TRAINING for record in manifest.cases):
            yield f"{DATASET} counts other training cases than the manifest"
    except (OSError, ValueError, KeyError, TypeError):
        yield f"{DATASET} is missing or damaged"
    try:
        if json.loads((folder / SPLITS).read_text(encoding="utf-8")) != nnunet_splits(manifest.cases):
            yield f"{SPLITS} has other folds than the manifest"
    except (OSError, ValueError):
        yield f"{SPLITS} is missing or damaged"


def _case_problems(folder: Path, record: CaseRecord, manifest: Manifest) -> Iterator[str]:
    damaged = False
    for file in record.written:
        problem = _file_problem(folder, file)
        if problem is not None:
            damaged = True
            yield problem
    if damaged:
        return
    try:
        ct = read_ct(folder / record.ct.path)
        mask = read_mask(folder / record.labels.path)
        labels, _ = values_on_grid(mask, ct)
    except ResourceError:
        raise
    except (HemorrhageError, CaseDefectError) as error:
        yield str(error)
        return
    if ct.shape != record.shape or not np.isclose(ct.voxel_volume_ml, record.voxel_volume_ml, rtol=1e-4):
        yield f"the CT's grid is not the one in {MANIFEST}"
    top = len(manifest.classes) - 1 if manifest.ignore_label is None else manifest.ignore_label
    found = np.unique(labels)
    if found[0] < 0 or found[-1] > top:
        yield f"the labels reach from {found[0]:g} to {found[-1]:g}, the classes from 0 to {top}"
        return
    volumes = {name: float((labels == value).sum()) * ct.voxel_volume_ml for value, name in enumerate(manifest.classes) if value}
    for name, volume in volumes.items():
        if not np.isclose(volume, record.volumes_ml.get(name, 0.0), rtol=1e-4, atol=1e-9):
            yield f"{name} has {volume:.3f} mL, in the manifest {record.volumes_ml.get(name, 0.0):.3f} mL"


def _file_problem(folder: Path, file: FileRecord) -> str | None:
    if not (folder / file.path).is_file():
        return f"{file.path} is missing"
    if file_record(folder / file.path, folder).sha256 != file.sha256:
        return f"{file.path} was altered or damaged since it was imported"
    return None
