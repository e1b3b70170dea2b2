"""The training cases of a data set in nnU-Net's raw format, and which of them validate."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from hemorrhage.errors import ArgumentError

from ..calibration.calibration_cases import FileCase
from ..evaluation.class_names import class_names, ignore_label
from ..evaluation.grid_files import ENDINGS, ending_of, stem_of
from .patient_split import SplitWish, fold_of_patients
from .source_case import rsna_patient

SPLITS_NAME = "splits_final.json"


@dataclass(frozen=True)
class RawCases:
    """Cases with reference labels.

    Attributes
    ----------
    folder : Path
    classes : tuple of str
        By label value, the background first.
    ignore : int or None
        Label value of voxels whose class is unknown.
    cases : tuple of FileCase
        By name.
    """

    folder: Path
    classes: tuple[str, ...]
    ignore: int | None
    cases: tuple[FileCase, ...]


def open_raw_cases(folder: Path) -> RawCases:
    """Find ``imagesTr`` and ``labelsTr``.

    Raises
    ------
    ArgumentError
        One of them is missing or empty, a label map has no CT, or ``dataset.json`` cannot be understood.
    """
    images, labels = folder / "imagesTr", folder / "labelsTr"
    if not (images.is_dir() and labels.is_dir()):
        raise ArgumentError(f"{folder} is no data set in nnU-Net's raw format: it needs imagesTr and labelsTr")
    _, classes = class_names((), images, labels)
    ignore = ignore_label(labels)
    cases = []
    for path in sorted(path for path in labels.iterdir() if ending_of(path) is not None):
        name = stem_of(path)
        ct = next((c for c in (images / f"{name}_0000{ending}" for ending in ENDINGS) if c.is_file()), None)
        if ct is None:
            raise ArgumentError(f"{images} has no CT called {name}_0000: complete the data set, or remove its labels")
        cases.append(FileCase(name, ct, path, len(classes) + (ignore is not None)))
    if not cases:
        raise ArgumentError(f"{labels} holds no label maps")
    return RawCases(folder, tuple(classes), ignore, tuple(cases))


def split_of(raw: RawCases, fold: int | Literal["all"]) -> tuple[list[str], list[str]]:
    """Return the names of the cases that train, and of those that validate.

    ``splits_final.json`` decides, as ``hemorrhage data import`` writes it; without one, five folds by patient are drawn, always
    the same. With the fold ``all`` every case trains and validates.

    Raises
    ------
    ArgumentError
        There is no such fold, a case in it is missing, or nothing would train or validate.
    """
    names = [case.name for case in raw.cases]
    if fold == "all":
        return names, names
    splits = _splits(raw.folder, names)
    if not 0 <= fold < len(splits):
        raise ArgumentError(f"there is no fold {fold}: {raw.folder} has the folds 0 to {len(splits) - 1}")
    training, validation = splits[fold]
    missing = sorted({*training, *validation} - set(names))
    if missing:
        raise ArgumentError(
            f"{raw.folder / SPLITS_NAME} names the case {missing[0]}, which is not there: import the data set again"
        )
    if not training or not validation:
        raise ArgumentError(
            f"fold {fold} of {raw.folder} leaves nothing to train or to validate with: use more cases, or fold: all"
        )
    return list(training), list(validation)


def _splits(folder: Path, names: Sequence[str]) -> list[tuple[list[str], list[str]]]:
    path = folder / SPLITS_NAME
    if path.is_file():
        try:
            return [(split["train"], split["val"]) for split in json.loads(path.read_text(encoding="utf-8"))]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ArgumentError(
                f"{path} does not list the cases of each fold under train and val: import the data set again"
            ) from error
    patients = {name: rsna_patient(name) for name in names}
    fold_of = fold_of_patients({patient: frozenset() for patient in patients.values()}, SplitWish())
    folds = sorted(set(fold_of.values()))
    return [
        ([n for n in names if fold_of[patients[n]] != fold], [n for n in names if fold_of[patients[n]] == fold]) for fold in folds
    ]
