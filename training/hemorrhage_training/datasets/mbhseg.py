"""MBH-Seg25: CTs of the same collection as BHSD, each with the masks of several raters."""

from __future__ import annotations

import re
from pathlib import Path

from .defects import DataSetError
from .label_scheme import SIX, as_they_are
from .source_case import Expectation, MaskFile, SourceCase, SourceDataSet, rsna_patient

_CT_NAME = "image.nii.gz"
_MASK_NAME = re.compile(r"label_annot_(\w+)\.nii\.gz")


def find_mbhseg(folder: Path) -> SourceDataSet:
    """Find the cases of MBH-Seg25: ``<case>/image.nii.gz`` and ``<case>/label_annot_<rater>.nii.gz`` (numbers have gaps)."""
    if not folder.is_dir():
        raise DataSetError(f"{folder} is not a folder: give the folder with the unpacked MBH-Seg25")
    cases, incomplete = [], {}
    for case in sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")):
        masks = tuple(
            MaskFile(path, match[1]) for path in _in_number_order(case) if (match := _MASK_NAME.fullmatch(path.name)) is not None
        )
        has_ct = (case / _CT_NAME).is_file()
        if has_ct and masks:
            cases.append(SourceCase(case.name, rsna_patient(case.name), case / _CT_NAME, masks))
        elif has_ct:
            incomplete[case.name] = "there is no mask (label_annot_<rater>.nii.gz) in it"
        elif masks:
            incomplete[case.name] = f"there is no CT ({_CT_NAME}) in it"
    if not cases and not incomplete:
        raise DataSetError(
            f"{folder} does not look like MBH-Seg25: expected folders with {_CT_NAME} and label_annot_<rater>.nii.gz"
        )
    expectation = Expectation(in_plane=512, hemorrhage_in_all=True)
    return SourceDataSet("mbhseg", folder, SIX, as_they_are(SIX), tuple(cases), incomplete, expectation)


def _in_number_order(case: Path) -> list[Path]:
    return sorted(case.iterdir(), key=lambda path: (len(path.name), path.name))
