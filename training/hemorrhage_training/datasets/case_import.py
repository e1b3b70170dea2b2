"""One case from its source into the data set's folder: read, checked, written."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hemorrhage.errors import HemorrhageError, ResourceError
from hemorrhage.head_ct import HeadCT

from .defects import CaseDefectError
from .label_depth import label_depths
from .label_scheme import LabelRule, LabelScheme
from .manifest import CaseRecord, FileRecord, LeftOut, RaterRecord
from .mask_file import read_mask
from .mask_on_ct import values_on_grid
from .mask_plausibility import implausibilities
from .source_case import Expectation, MaskFile, SourceCase, SourceDataSet


@dataclass(frozen=True)
class ImportedCase:
    """A case that was written, and raters of it who were left out."""

    record: CaseRecord
    left_out: tuple[LeftOut, ...] = ()


def import_case(case: SourceCase, source: SourceDataSet, folder: Path) -> ImportedCase:
    """Read, check and write one case as a training case of nnU-Net's raw layout in `folder`.

    Raises
    ------
    CaseDefectError
        The case cannot be used; says which file and why. Nothing of it was written.
    ResourceError
        The disk is full.
    """
    from hemorrhage.reading import read_ct

    try:
        ct = read_ct(case.ct)
    except ResourceError:
        raise
    except HemorrhageError as error:
        raise CaseDefectError(str(error)) from error
    masks, left_out = _usable_masks(case, source, ct)
    warnings = list(ct.warnings) + _unexpected(ct, source.expectation)
    for mask in masks:
        warnings += [_of_rater(mask.file, sentence) for sentence in mask.warnings]
    labels = masks[0].labels if len(masks) == 1 else plurality([mask.labels for mask in masks], source.scheme)
    warnings += _contradicted_slices(case, labels)
    if source.expectation.hemorrhage_in_all and not labels.any():
        warnings.append("The mask is empty, but every case of this data set should show hemorrhage.")
    labels = _with_slice_subtypes(case, labels, source.scheme)
    record = _write(case, source, folder, ct, labels, masks, warnings)
    return ImportedCase(record, left_out)


def plurality(masks: Sequence[NDArray[np.uint8]], scheme: LabelScheme) -> NDArray[np.uint8]:
    """Return the label that most raters gave to each voxel; where several have as many, the one given by the earliest rater."""
    merged = np.empty_like(masks[0])
    for index in range(len(merged)):  # slice by slice: votes for a whole CT would take hundreds of MB
        votes = np.zeros((len(scheme.names) + scheme.ignore, *merged.shape[1:]), dtype=np.float32)
        for rank, mask in enumerate(masks):
            given = mask[index][None]
            # The earlier rater's vote weighs a trifle more (less than half a vote for all together): it decides between equals.
            np.put_along_axis(votes, given, np.take_along_axis(votes, given, 0) + 1 + 0.25 * 2.0**-rank, 0)
        merged[index] = votes.argmax(0)
    return merged


@dataclass(frozen=True, eq=False)
class _UsableMask:
    file: MaskFile
    labels: NDArray[np.uint8]
    warnings: tuple[str, ...]


def _usable_masks(case: SourceCase, source: SourceDataSet, ct: HeadCT) -> tuple[list[_UsableMask], tuple[LeftOut, ...]]:
    """Read all raters' masks; a defect is the case's own if there is no other rater."""
    usable, left_out = [], []
    for file in case.masks:
        try:
            usable.append(_read(file, source.rule, ct))
        except CaseDefectError as error:
            where = file.path.relative_to(source.folder)
            if len(case.masks) == 1:
                raise CaseDefectError(f"{where}: {error}") from error
            left_out.append(LeftOut(name=f"{case.name}, rater {file.rater}", reason=f"{where}: {error}"))
    if not usable:
        raise CaseDefectError("; ".join(each.reason for each in left_out))
    return usable, tuple(left_out)


def _read(file: MaskFile, rule: LabelRule, ct: HeadCT) -> _UsableMask:
    stored, warnings = values_on_grid(read_mask(file.path), ct)
    labels = rule.apply(stored)
    return _UsableMask(file, labels, warnings + implausibilities(labels, ct))


def _of_rater(file: MaskFile, sentence: str) -> str:
    return f"Rater {file.rater}: {sentence}" if file.rater else sentence


def _unexpected(ct: HeadCT, expectation: Expectation) -> list[str]:
    slices, rows, columns = ct.shape
    warnings = []
    if expectation.in_plane is not None and (rows, columns) != (expectation.in_plane,) * 2:
        warnings.append(f"Slices are {rows} x {columns}, those of this data set {expectation.in_plane} x {expectation.in_plane}.")
    if expectation.slices is not None and not expectation.slices[0] <= slices <= expectation.slices[1]:
        fewest, most = expectation.slices
        warnings.append(f"There are {slices} slices; the CTs of this data set have {fewest} to {most}.")
    return warnings


def _contradicted_slices(case: SourceCase, labels: NDArray[np.uint8]) -> list[str]:
    """Compare the mask with the readers' labels of slices."""
    if case.slice_subtypes is None:
        return []
    if not case.slice_subtypes:
        return ["The table of slices does not list this CT."]
    beyond = [index for index in case.slice_subtypes if not 0 <= index < len(labels)]
    if beyond or len(case.slice_subtypes) != len(labels):
        return [f"The table lists {len(case.slice_subtypes)} slices, the CT has {len(labels)}."]
    masked = labels.reshape(len(labels), -1).any(axis=1)
    seen = np.array([bool(case.slice_subtypes[index]) for index in range(len(labels))])
    if not (masked != seen).any():
        return []
    apart = int((masked != seen).sum())
    text = f"In {apart} of {len(labels)} slices mask and table disagree on whether there is hemorrhage"
    if (masked != seen[::-1]).sum() < apart / 2:
        text += "; they agree better with the slices in reverse order"
    return [text + "."]


def _with_slice_subtypes(case: SourceCase, labels: NDArray[np.uint8], scheme: LabelScheme) -> NDArray[np.uint8]:
    """Give subtypes to the voxels of slices in which exactly one was seen, and the ignore label to all others.

    Only for a scheme with subtypes on a source whose masks have none.
    """
    if case.slice_subtypes is None or scheme.ignore_value is None:
        return labels
    if len(case.slice_subtypes) != len(labels):
        raise CaseDefectError("the table of slices does not fit the CT, so that its voxels cannot be given subtypes")
    written = labels.copy()
    for index in range(len(labels)):
        seen = case.slice_subtypes.get(index, frozenset())
        value = scheme.names.index(next(iter(seen))) if len(seen) == 1 else scheme.ignore_value
        written[index][labels[index] > 0] = value
    return written


def _write(
    case: SourceCase,
    source: SourceDataSet,
    folder: Path,
    ct: HeadCT,
    labels: NDArray[np.uint8],
    masks: Sequence[_UsableMask],
    warnings: Sequence[str],
) -> CaseRecord:
    from hemorrhage.writing.volume_file import write_volume

    def write(array: NDArray[Any], path: str) -> FileRecord:
        (folder / path).parent.mkdir(exist_ok=True)
        return file_record(write_volume(array, ct, folder / path), folder)

    raters = tuple(
        RaterRecord(
            rater=mask.file.rater,
            written=write(mask.labels, f"raters/{case.name}_rater{mask.file.rater}.nii.gz"),
            source=file_record(mask.file.path, source.folder),
        )
        for mask in masks
        if mask.file.rater
    )
    counts = np.bincount(labels.ravel(), minlength=len(source.scheme.names))
    metadata = ct.metadata
    return CaseRecord(
        name=case.name,
        patient=case.patient,
        ct=write(_compact(ct.hu), f"imagesTr/{case.name}_0000.nii.gz"),
        labels=write(labels, f"labelsTr/{case.name}.nii.gz"),
        raters=raters,
        source_ct=file_record(case.ct, source.folder),
        source_labels=None if raters else file_record(masks[0].file.path, source.folder),
        shape=ct.shape,
        spacing_mm=ct.spacing,
        gantry_tilt_degrees=float(metadata["gantry_tilt_degrees"]),
        lost_tilt_degrees=metadata["lost_tilt_degrees"],
        voxel_volume_ml=ct.voxel_volume_ml,
        tilt_corrected_voxel_volume_ml=ct.voxel_volume_ml * float(metadata["tilt_corrected_volume_factor"]),
        volumes_ml={
            name: float(counts[value]) * ct.voxel_volume_ml
            for value, name in enumerate(source.scheme.names)
            if value and counts[value]
        },
        depths_mm=label_depths(labels, ct, source.scheme),
        slice_subtypes=(
            None if case.slice_subtypes is None else {index: tuple(sorted(seen)) for index, seen in case.slice_subtypes.items()}
        ),
        warnings=tuple(warnings),
    )


def _compact(hu: NDArray[np.float32]) -> NDArray[Any]:
    """HU as int16 where that loses nothing."""
    whole = np.abs(hu).max() < 2**15 and np.array_equal(hu, np.rint(hu))
    return hu.astype(np.int16) if whole else hu


def file_record(path: Path, folder: Path) -> FileRecord:
    """Return path relative to `folder`, and SHA-256, of a file."""
    with path.open("rb") as file:
        return FileRecord(path=path.relative_to(folder).as_posix(), sha256=hashlib.file_digest(file, "sha256").hexdigest())
