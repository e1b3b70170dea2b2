"""``manifest.json``: what an imported data set holds, where every file came from, and what was noticed."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from .defects import DataSetError
from .label_order import LabelOrderVerdict
from .source_case import Split

MANIFEST = "manifest.json"
FORMAT: Literal["hemorrhage-data-set"] = "hemorrhage-data-set"
SCHEMA: Literal[1] = 1


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FileRecord(_Record):
    """One file: its path relative to the folder that it belongs to, and its SHA-256."""

    path: str
    sha256: str


class RaterRecord(_Record):
    """One rater's mask, as written and as it came."""

    rater: str
    written: FileRecord
    source: FileRecord


class CaseRecord(_Record):
    """One imported case.

    Attributes
    ----------
    name, patient : str
    split : Split
    fold : int or None
        In which fold of cross-validation it validates; None for test cases.
    ct, labels : FileRecord
        As written.
    raters : tuple of RaterRecord
        Every rater's mask, where the source names raters; `labels` is then their plurality.
    source_ct : FileRecord
        As it came.
    source_labels : FileRecord or None
        As it came; None where there are raters.
    shape : (D, H, W)
    spacing_mm : (slice, row, column)
    gantry_tilt_degrees : float
        Shear of the stored grid.
    lost_tilt_degrees : float or None
        Tilt that a converter probably turned into a rotation.
    voxel_volume_ml : float
        Determinant of the header's matrix.
    tilt_corrected_voxel_volume_ml : float
        The same times the cosine of a lost tilt; equal to it where none was lost.
    volumes_ml : mapping of class name to mL
        By `voxel_volume_ml`; classes that are present.
    depths_mm : mapping of class name to mm
        Median distance from bone.
    slice_subtypes : mapping of slice index to subtypes, or None
        What readers saw in each slice, where the source says it. Never to be taken for labels of voxels.
    warnings : tuple of str
    """

    name: str
    patient: str
    split: Split = Split.TRAINING
    fold: int | None = None
    ct: FileRecord
    labels: FileRecord
    raters: tuple[RaterRecord, ...] = ()
    source_ct: FileRecord
    source_labels: FileRecord | None = None
    shape: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]
    gantry_tilt_degrees: float
    lost_tilt_degrees: float | None
    voxel_volume_ml: float = Field(gt=0)
    tilt_corrected_voxel_volume_ml: float = Field(gt=0)
    volumes_ml: dict[str, float]
    depths_mm: dict[str, float]
    slice_subtypes: dict[int, tuple[str, ...]] | None = None
    warnings: tuple[str, ...] = ()

    @property
    def subtypes(self) -> frozenset[str]:
        """Classes that are present in the labels or were seen in any slice: what a split is stratified by."""
        seen = {name for names in (self.slice_subtypes or {}).values() for name in names}
        return frozenset(self.volumes_ml) | seen

    @property
    def written(self) -> tuple[FileRecord, ...]:
        """Every file of the case in the data set."""
        return (self.ct, self.labels, *(rater.written for rater in self.raters))


class LeftOut(_Record):
    """A case, or one file of it, that was not imported, and why."""

    name: str
    reason: str


class SourceRecord(_Record):
    """Where the data set came from."""

    kind: str
    folder: str


class SplitRecord(_Record):
    """How cases were divided.

    Attributes
    ----------
    rule : str
        In words: the publishers' list, or at random by patient and stratified by subtype.
    seed, folds : int
    test_fraction : float or None
        None where a list decided.
    """

    rule: str
    seed: int
    folds: int
    test_fraction: float | None


class LabelOrderRecord(_Record):
    """Whether the label values can be what they are called; see `judge_label_order`."""

    verdict: LabelOrderVerdict
    reasons: tuple[str, ...]
    median_depth_mm: dict[str, float]
    trusted: bool


class Manifest(_Record):
    """Everything that is known about an imported data set."""

    format: Literal["hemorrhage-data-set"] = FORMAT
    schema_version: Literal[1] = SCHEMA
    program: str
    source: SourceRecord
    classes: tuple[str, ...]
    ignore_label: int | None
    split: SplitRecord
    label_order: LabelOrderRecord
    cases: tuple[CaseRecord, ...]
    left_out: tuple[LeftOut, ...] = ()
    warnings: tuple[str, ...] = ()


def write_manifest(manifest: Manifest, folder: Path) -> None:
    """Write ``manifest.json``."""
    (folder / MANIFEST).write_text(manifest.model_dump_json(indent=1) + "\n", encoding="utf-8")


def read_manifest(folder: Path) -> Manifest:
    """Read ``manifest.json``.

    Raises
    ------
    DataSetError
        There is none, or it is damaged or newer than this program.
    """
    path = folder / MANIFEST
    if not path.is_file():
        raise DataSetError(f"{folder} holds no {MANIFEST}: give a folder made by 'hemorrhage data import'")
    try:
        return Manifest.model_validate_json(path.read_text(encoding="utf-8"))
    except (ValidationError, UnicodeDecodeError, OSError) as error:
        raise DataSetError(
            f"{path} is damaged, or written by a newer version of this program: import the data set again"
        ) from error
