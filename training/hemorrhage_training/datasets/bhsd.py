"""BHSD: 192 CTs with masks of five subtypes (Wu et al. 2023)."""

from __future__ import annotations

from pathlib import Path

from .bhsd_split import ORIGIN, official_split, read_split_file
from .file_pairs import pair, require_folders, volumes_in
from .label_scheme import SIX, as_they_are
from .source_case import Expectation, MaskFile, SourceCase, SourceDataSet, rsna_patient


def find_bhsd(folder: Path) -> SourceDataSet:
    """Find the cases of BHSD: ``label_192/images/ID_<patient>_<study>.nii.gz`` and the same names in ``label_192/ground truths``.

    `folder` is ``label_192`` or the folder above. The publishers' split is known by patient; a ``dataset.json`` like theirs
    beside the images, or in `folder`, comes first.
    """
    images, truths = require_folders(folder, "images", "ground truths", what="BHSD (label_192)")
    pairs, incomplete = pair(volumes_in(images), volumes_in(truths), folder)
    split_file = next((path for path in (images.parent / "dataset.json", folder / "dataset.json") if path.is_file()), None)
    split = {name: official_split(name) for name in pairs}
    if split_file is not None:
        listed = read_split_file(split_file)
        split = {name: listed.get(name) for name in pairs}
    unlisted = [name for name, where in split.items() if where is None]
    warnings: tuple[str, ...] = ()
    if unlisted and len(unlisted) < len(pairs):
        warnings = (f"The official split does not list {len(unlisted)} cases ({unlisted[0]}, ...): they are used for training.",)
    return SourceDataSet(
        kind="bhsd",
        folder=folder,
        scheme=SIX,
        rule=as_they_are(SIX),
        cases=tuple(
            SourceCase(name, rsna_patient(name), ct, (MaskFile(mask),), split[name]) for name, (ct, mask) in pairs.items()
        ),
        incomplete=incomplete,
        expectation=Expectation(cases=192, in_plane=512, slices=(24, 60), hemorrhage_in_all=True),
        official_split=(ORIGIN if split_file is None else split_file.name) if len(unlisted) < len(pairs) else "",
        warnings=warnings,
    )
