"""A case as it lies in its source, before anything was read, and the data set it belongs to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from .label_scheme import LabelRule, LabelScheme

#: Names of cases in RSNA's collection, from which BHSD and MBH-Seg were taken: patient, then study.
_RSNA_NAME = re.compile(r"ID_([0-9a-f]+)_(?:ID_)?(.+)")


class Split(StrEnum):
    """What a case is for."""

    TRAINING = "training"
    TEST = "test"


@dataclass(frozen=True)
class MaskFile:
    """One rater's mask; `rater` is empty where there is only one and nobody says whose it is."""

    path: Path
    rater: str = ""


@dataclass(frozen=True)
class SourceCase:
    """One CT and its masks.

    Attributes
    ----------
    name : str
        Unique in the data set; becomes the file name.
    patient : str
        Cases of one patient never come apart in a split.
    ct : Path
    masks : tuple of MaskFile
        At least one.
    split : Split or None
        What the source says, if it does.
    slice_subtypes : mapping of int to frozenset of str, or None
        Subtypes that a reader saw in each slice (index from 0), where the source has such labels.
    """

    name: str
    patient: str
    ct: Path
    masks: tuple[MaskFile, ...]
    split: Split | None = None
    slice_subtypes: Mapping[int, frozenset[str]] | None = None

    @property
    def files(self) -> tuple[Path, ...]:
        """All files that make this case."""
        return (self.ct, *(mask.path for mask in self.masks))


@dataclass(frozen=True)
class Expectation:
    """What the publishers say about every case; anything else is worth a warning.

    Attributes
    ----------
    cases : int or None
    in_plane : int or None
        Rows and columns.
    slices : (int, int) or None
        Fewest and most.
    hemorrhage_in_all : bool
        Whether an empty mask is unexpected.
    """

    cases: int | None = None
    in_plane: int | None = None
    slices: tuple[int, int] | None = None
    hemorrhage_in_all: bool = False


@dataclass(frozen=True)
class SourceDataSet:
    """What was found in a source folder.

    Attributes
    ----------
    kind : str
        ``bhsd``, ``mbhseg``, ...
    folder : Path
    scheme : LabelScheme
        Of what will be written.
    rule : LabelRule
        From stored to written values.
    cases : tuple of SourceCase
    incomplete : mapping of str to str
        Files or folders without counterpart, and what is missing.
    expectation : Expectation
    official_split : str
        Where the cases' `split` comes from; empty if they have none.
    warnings : tuple of str
    """

    kind: str
    folder: Path
    scheme: LabelScheme
    rule: LabelRule
    cases: tuple[SourceCase, ...]
    incomplete: Mapping[str, str] = field(default_factory=dict)
    expectation: Expectation = Expectation()
    official_split: str = ""
    warnings: tuple[str, ...] = ()


def rsna_patient(name: str) -> str:
    """Return the patient of a case named ``ID_<patient>_<study>``; a name of another form stands for its own patient."""
    match = _RSNA_NAME.fullmatch(name)
    return match[1] if match else name
