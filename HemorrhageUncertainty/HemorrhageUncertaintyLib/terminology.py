"""Coded names of the segments, as DICOM Segmentation objects need them, and their colors."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import slicer

from hemorrhage.hemorrhage_class import CLASS_COLOURS

CONTEXT_NAME = "Intracranial hemorrhage"
CONTEXT_FILE = Path(__file__).parents[1] / "Resources" / "Terminology" / "IntracranialHemorrhage.json"
#: Comes with Slicer and is always loaded.
_REGION_CONTEXT = "Anatomic codes - DICOM master list"


@dataclass(frozen=True)
class Code:
    """A coded concept: value and meaning in SNOMED CT as DICOM uses it."""

    value: str
    meaning: str
    scheme: str = "SCT"

    @property
    def triple(self) -> tuple[str, str, str]:
        """Value, scheme, meaning: the order in which Slicer takes them."""
        return self.value, self.scheme, self.meaning


CATEGORY = Code("49755003", "Morphologically Altered Structure")
TYPE = Code("50960005", "Hemorrhage")
#: Where each class lies. EDH and SDH have none: no code for the epidural or subdural space is in Slicer's or DICOM's lists.
REGIONS = {
    "IPH": Code("12738006", "Brain"),
    "IVH": Code("35764002", "Brain ventricle"),
    "SAH": Code("35951006", "Subarachnoid space"),
}
_NONE = ("", "", "")


def terminologyEntry(className: str) -> str:
    """Return the serialized terminology entry of a class, for `vtkSegment.SetTerminology`."""
    region = REGIONS[className].triple if className in REGIONS else _NONE
    return slicer.vtkSlicerTerminologiesModuleLogic.SerializeTerminologyEntry(
        CONTEXT_NAME, *CATEGORY.triple, *TYPE.triple, *_NONE, _REGION_CONTEXT, *region, *_NONE
    )


def loadTerminology(logic: Any | None = None) -> bool:
    """Make our terminology selectable in Slicer; it is loaded once, also when this is called again.

    Parameters
    ----------
    logic : vtkSlicerTerminologiesModuleLogic, optional
        Default: the application's.

    Returns
    -------
    bool
        Whether it is available now. Segmentations are complete without it: the codes are stored with each segment.
    """
    logic = logic or slicer.modules.terminologies.logic()
    return (
        bool(logic.IsTerminologyContextLoaded(CONTEXT_NAME)) or logic.LoadTerminologyFromFile(str(CONTEXT_FILE)) == CONTEXT_NAME
    )


def classColor(className: str) -> tuple[float, float, float]:
    """Return the color of a class as RGB in [0, 1], the same as in the report; white for a class that we do not know."""
    red, green, blue = CLASS_COLOURS.get(className, (255, 255, 255))
    return red / 255, green / 255, blue / 255
