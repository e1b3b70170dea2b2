"""A data set of one's own: a folder of CTs and a folder of masks."""

from __future__ import annotations

import json
from pathlib import Path

from .cases_table import read_cases_table
from .defects import DataSetError
from .file_pairs import VOLUMES, pair, require_folders, volumes_in
from .label_scheme import SIX, as_they_are, scheme_of
from .source_case import MaskFile, SourceCase, SourceDataSet

LABELS = "labels.json"


def find_image_folder(folder: Path) -> SourceDataSet:
    """Find CTs in ``images`` and masks of the same names in ``labels`` (NIfTI, NRRD, MetaImage).

    Label values are the six classes' unless ``labels.json`` says otherwise: an object from class name to value, e.g.
    ``{"background": 0, "hemorrhage": 1}``. Patients and a prescribed split come from ``cases.csv`` (see `read_cases_table`).
    """
    images, labels = require_folders(folder, "images", "labels", what="a folder of CTs and masks")
    root = images.parent
    scheme, rule = SIX, as_they_are(SIX)
    if (root / LABELS).is_file():
        try:
            scheme, rule = scheme_of(json.loads((root / LABELS).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError, AttributeError) as error:
            raise DataSetError(f'{root / LABELS} cannot be used ({error}): write e.g. {{"background": 0, "SDH": 1}}') from error
    pairs, incomplete = pair(volumes_in(images, VOLUMES), volumes_in(labels, VOLUMES), folder)
    rows = read_cases_table(root, pairs)
    cases = tuple(
        SourceCase(name, rows[name].patient, ct, (MaskFile(mask),), rows[name].split) for name, (ct, mask) in pairs.items()
    )
    prescribed = "cases.csv" if any(case.split is not None for case in cases) else ""
    return SourceDataSet("folder", folder, scheme, rule, cases, incomplete, official_split=prescribed)
