"""PhysioNet CT-ICH 1.3.1: CTs with one mask of hemorrhage, and the subtypes that readers saw in each slice."""

from __future__ import annotations

import csv
from pathlib import Path

from .defects import DataSetError
from .file_pairs import pair, require_folders, volumes_in
from .label_scheme import BINARY, SIX, AboveZero, LabelScheme
from .source_case import Expectation, MaskFile, SourceCase, SourceDataSet

TABLE = "hemorrhage_diagnosis_raw_ct.csv"
_COLUMN_OF = {
    "EDH": "Epidural",
    "IPH": "Intraparenchymal",
    "IVH": "Intraventricular",
    "SAH": "Subarachnoid",
    "SDH": "Subdural",
}
#: Patients of whom there are CTs; those between have slice labels only.
_PATIENTS = (*range(49, 59), *range(66, 131))


def find_ctich(folder: Path, *, voxel_subtypes: bool = False) -> SourceDataSet:
    """Find the cases of CT-ICH: ``ct_scans/NNN.nii``, ``masks/NNN.nii`` and the table of slices.

    Parameters
    ----------
    folder : Path
    voxel_subtypes : bool
        Whether the masks get subtypes: a slice in which the readers saw exactly one subtype gives it to its voxels; where they
        saw several, or none, nobody knows which voxel is which, and the voxels get the ignore label.
    """
    scans, masks = require_folders(folder, "ct_scans", "masks", what="PhysioNet CT-ICH")
    slices = _read_table(scans.parent / TABLE)
    pairs, incomplete = pair(volumes_in(scans), volumes_in(masks), folder)
    cases = []
    for name, (ct, mask) in pairs.items():
        number = int(name) if name.isdigit() else None
        subtypes = None if number is None else slices.get(number, {})
        cases.append(SourceCase(f"ctich_{name}", name, ct, (MaskFile(mask),), slice_subtypes=subtypes))
    unknown = [case.patient for case in cases if not case.patient.isdigit() or int(case.patient) not in _PATIENTS]
    warnings = (f"CT-ICH 1.3.1 has no patient {', '.join(unknown)}: is this another version?",) if unknown else ()
    return SourceDataSet(
        kind="ctich",
        folder=folder,
        scheme=LabelScheme(SIX.names, ignore=True) if voxel_subtypes else BINARY,
        rule=AboveZero(),
        cases=tuple(cases),
        incomplete=incomplete,
        expectation=Expectation(cases=len(_PATIENTS), in_plane=512),
        warnings=warnings,
    )


def _read_table(path: Path) -> dict[int, dict[int, frozenset[str]]]:
    """Return the subtypes of each slice (index from 0; the table counts from 1) of each patient."""
    if not path.is_file():
        raise DataSetError(f"{path} is missing: it belongs to CT-ICH 1.3.1, copy it there")
    slices: dict[int, dict[int, frozenset[str]]] = {}
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            for row in csv.DictReader(file):
                # Some copies end with empty rows.
                if not (row["PatientNumber"] or "").strip():
                    continue
                seen = frozenset(name for name, column in _COLUMN_OF.items() if int(float(row[column] or 0)) == 1)
                patient, number = int(float(row["PatientNumber"])), int(float(row["SliceNumber"]))
                slices.setdefault(patient, {})[number - 1] = seen
    except (KeyError, ValueError, TypeError, UnicodeDecodeError) as error:
        columns = ", ".join(("PatientNumber", "SliceNumber", *_COLUMN_OF.values()))
        raise DataSetError(f"{path} cannot be read as CT-ICH's table (columns {columns}): download it again") from error
    return slices
