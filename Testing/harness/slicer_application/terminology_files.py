"""The smallest terminologies under the names that the application's logic insists on: the wheel has no terminology files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

SCHEMA = "https://raw.githubusercontent.com/qiicr/dcmqi/master/doc/schemas/{kind}-context-schema.json#"
CATEGORY_FILES = {
    "SegmentationCategoryTypeModifier-SlicerGeneralAnatomy": "Segmentation category and type - 3D Slicer General Anatomy list",
    "SegmentationCategoryTypeModifier-DICOM-Master": "Segmentation category and type - DICOM master list",
}
REGION_FILES = {"AnatomicRegionAndModifier-DICOM-Master": "Anatomic codes - DICOM master list"}


def write_terminology_files(folder: Path) -> None:
    """Write each file with one category, type and region: tissue, tissue, brain."""
    folder.mkdir(parents=True, exist_ok=True)
    tissue = {"CodeMeaning": "Tissue", "CodingSchemeDesignator": "SCT", "CodeValue": "85756007"}
    brain = {"CodeMeaning": "Brain", "CodingSchemeDesignator": "SCT", "CodeValue": "12738006"}
    types = [{**tissue, "recommendedDisplayRGBValue": [128, 174, 128]}]
    for name, title in CATEGORY_FILES.items():
        categories = {"Category": [{**tissue, "showAnatomy": "true", "Type": types}]}
        content = {"SegmentationCategoryTypeContextName": title, "SegmentationCodes": categories}
        _write(folder / f"{name}.term.json", "segment", content)
    for name, title in REGION_FILES.items():
        _write(
            folder / f"{name}.term.json", "anatomic", {"AnatomicContextName": title, "AnatomicCodes": {"AnatomicRegion": [brain]}}
        )


def _write(path: Path, kind: str, content: dict[str, Any]) -> None:
    path.write_text(json.dumps({"@schema": SCHEMA.format(kind=kind), **content}), encoding="utf-8")
