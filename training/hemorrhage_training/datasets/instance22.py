"""INSTANCE22: CTs with one mask of hemorrhage."""

from __future__ import annotations

from pathlib import Path

from .file_pairs import pair, require_folders, volumes_in
from .label_scheme import BINARY, as_they_are
from .source_case import Expectation, MaskFile, SourceCase, SourceDataSet


def find_instance22(folder: Path) -> SourceDataSet:
    """Find the cases of INSTANCE22: ``train/data/NNN.nii.gz`` and ``train/label/NNN.nii.gz``; `folder` is ``train`` or above."""
    data, label = require_folders(folder, "data", "label", what="INSTANCE22 (train)")
    pairs, incomplete = pair(volumes_in(data), volumes_in(label), folder)
    cases = tuple(SourceCase(f"instance_{name}", name, ct, (MaskFile(mask),)) for name, (ct, mask) in pairs.items())
    expectation = Expectation(in_plane=512, hemorrhage_in_all=True)
    return SourceDataSet("instance22", folder, BINARY, as_they_are(BINARY), cases, incomplete, expectation)
