"""What must hold of a data set before nnU-Net works on it for hours."""

from __future__ import annotations

import gzip
import hashlib
import json
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from hemorrhage.errors import ArgumentError, HemorrhageError, UnreadableInputError

from ..calibration.calibration_cases import FileCase
from ..datasets.raw_cases import SPLITS_NAME, RawCases, open_raw_cases, split_of
from ..evaluation.grid_files import ending_of, read_grid, read_labels, read_map

#: Folds that nnU-Net draws, by case, for a data set that brings none.
NNUNETS_FOLDS = 5
_CHUNK = 1 << 22


def open_raw_data_set(folder: Path, fold: int | Literal["all"]) -> RawCases:
    """Find the training cases by name, and check that nnU-Net can take them; no volume is read.

    Parameters
    ----------
    folder : Path
        In nnU-Net's raw format.
    fold : int or ``all``
        For a fold that there is not, nnU-Net would draw a split of its own, at random and by case.

    Raises
    ------
    ArgumentError
        ``dataset.json`` cannot be used, a CT or its labels are missing or have another ending, or there is no such fold.
    """
    raw = open_raw_cases(folder)
    ending = _ending_of_files(folder)
    for path in (path for case in raw.cases for path in (case.ct, case.labels)):
        if ending_of(path) != ending:
            raise ArgumentError(
                f"{path} does not end with {ending}, as {folder / 'dataset.json'} says: import the data set again"
            )
    labelled = {case.ct.name for case in raw.cases}
    for path in sorted((folder / "imagesTr").iterdir()):
        if ending_of(path) is not None and path.name not in labelled:
            raise ArgumentError(f"{path} has no labels in labelsTr: add them, or remove it")
    if fold == "all" or (folder / SPLITS_NAME).is_file():
        split_of(raw, fold)
    elif not 0 <= fold < NNUNETS_FOLDS:
        raise ArgumentError(f"there is no fold {fold}: {folder} has no {SPLITS_NAME}, and nnU-Net draws the folds 0 to 4")
    elif len(raw.cases) < NNUNETS_FOLDS:
        raise ArgumentError(f"{folder} has {len(raw.cases)} cases, too few for five folds: add cases, or use fold: all")
    return raw


def check_cases(raw: RawCases) -> None:
    """Read every case once: nnU-Net takes a truncated CT for one whose end is empty, and does not look at labels.

    Raises
    ------
    ArgumentError
        Names the first case with a file that is damaged, a label without meaning, or labels that do not lie on the CT's grid, and
        says how many others there are.
    """
    problems = list(_problems(raw.cases))
    if problems:
        more = f"; {len(problems) - 1} more cases cannot be used either" if len(problems) > 1 else ""
        raise ArgumentError(
            f"{raw.folder}: {problems[0]}{more}. Mend or remove them, or let hemorrhage data import nnunet leave them out"
        )


def state_of(raw: RawCases) -> str:
    """Return a hash that changes with the names and sizes of a data set's files and with its ``dataset.json``."""
    files = [(path.name, path.stat().st_size) for case in raw.cases for path in (case.ct, case.labels)]
    description = (raw.folder / "dataset.json").read_text(encoding="utf-8")
    return hashlib.sha256(json.dumps([files, description]).encode()).hexdigest()


def _ending_of_files(folder: Path) -> str:
    """Return what ``dataset.json`` says about the files' names; it was read before, for the classes."""
    content = json.loads((folder / "dataset.json").read_text(encoding="utf-8"))
    channels, ending = content.get("channel_names"), content.get("file_ending")
    if not isinstance(channels, dict) or not isinstance(ending, str):
        raise ArgumentError(
            f"{folder / 'dataset.json'} lacks channel_names or file_ending of nnU-Net v2: import the data set again"
        )
    if len(channels) != 1:
        raise ArgumentError(f"{folder / 'dataset.json'} names {len(channels)} channels: a head CT has one")
    return ending


def _problems(cases: Sequence[FileCase]) -> Iterator[str]:
    for case in cases:
        try:
            if not read_grid(case.labels).is_same_as(read_grid(case.ct)):
                yield f"CT and labels of {case.name} do not lie on the same grid"
                continue
            read_labels(case.labels, case.classes)
            _read_through(case.labels)
            _read_through(case.ct)
        except HemorrhageError as error:
            yield str(error)


def _read_through(path: Path) -> None:
    """Read a file to its end, where a packed one has its checksum."""
    if ending_of(path) != ".nii.gz":
        read_map(path)
        return
    try:
        with gzip.open(path) as stream:
            while stream.read(_CHUNK):
                pass
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise UnreadableInputError(f"{path} is truncated or corrupt: copy or make it again") from error
