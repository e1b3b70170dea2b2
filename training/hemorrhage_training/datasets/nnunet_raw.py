"""Folders in nnU-Net's raw format, of any origin."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .cases_table import read_cases_table
from .defects import DataSetError
from .file_pairs import VOLUMES, pair, volumes_in
from .label_scheme import scheme_of
from .source_case import MaskFile, SourceCase, SourceDataSet, Split, rsna_patient

_CHANNEL = "_0000"


def find_nnunet_raw(folder: Path) -> SourceDataSet:
    """Find the cases of an nnU-Net raw folder (``imagesTr``, ``labelsTr``, ``dataset.json``; ``imagesTs`` with ``labelsTs`` too).

    Labels are taken by name: subtypes get this project's order whatever their numbers were. The patient comes from ``cases.csv``
    (see `read_cases_table`) or a name like ``ID_<patient>_<study>``; else every case counts as its own patient.
    """
    dataset = _read_dataset(folder)
    try:
        scheme, rule = scheme_of(dataset["labels"])
    except (ValueError, TypeError) as error:
        raise DataSetError(
            f"{folder / 'dataset.json'} has labels that cannot be used ({error}): give each class one number"
        ) from error
    found: dict[str, tuple[Path, Path, Split]] = {}
    incomplete: dict[str, str] = {}
    for ending, split in (("Tr", Split.TRAINING), ("Ts", Split.TEST)):
        images, labels = folder / f"images{ending}", folder / f"labels{ending}"
        if not (images.is_dir() and labels.is_dir()):
            continue
        pairs, missing = pair(_only_channel(volumes_in(images, VOLUMES)), volumes_in(labels, VOLUMES), folder)
        twice = sorted(found.keys() & pairs.keys())
        if twice:
            raise DataSetError(f"{folder} has the case {twice[0]} in imagesTr and in imagesTs: remove or rename one")
        found |= {name: (ct, mask, split) for name, (ct, mask) in pairs.items()}
        incomplete |= missing
    if not found and not incomplete:
        raise DataSetError(f"{folder} does not look like nnU-Net's raw format: expected files in imagesTr and labelsTr")
    rows = read_cases_table(folder, found)
    has_test = any(split is Split.TEST for _, _, split in found.values())
    cases = tuple(
        SourceCase(
            name,
            rows[name].patient if rows[name].patient != name else rsna_patient(name),
            ct,
            (MaskFile(mask),),
            rows[name].split or (split if has_test else None),
        )
        for name, (ct, mask, split) in found.items()
    )
    prescribed = any(case.split is not None for case in cases)
    return SourceDataSet(
        "nnunet", folder, scheme, rule, cases, incomplete, official_split="the source folder" if prescribed else ""
    )


def _read_dataset(folder: Path) -> dict[str, Any]:
    path = folder / "dataset.json"
    if not path.is_file():
        raise DataSetError(f"{folder} does not look like nnU-Net's raw format: there is no dataset.json in it")
    try:
        dataset = json.loads(path.read_text(encoding="utf-8"))
        channels, labels = dataset["channel_names"], dataset["labels"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataSetError(f"{path} is not one of nnU-Net v2 (channel_names, labels): convert the data set first") from error
    if len(channels) != 1:
        raise DataSetError(f"{path} names {len(channels)} channels: a head CT has one")
    if not isinstance(labels, dict) or any(isinstance(value, list) for value in labels.values()):
        raise DataSetError(f"{path} has regions instead of one number for each label: give each class one number")
    return dict(dataset)


def _only_channel(images: dict[str, Path]) -> dict[str, Path]:
    return {name.removesuffix(_CHANNEL): path for name, path in images.items() if name.endswith(_CHANNEL)}
