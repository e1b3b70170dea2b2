"""Are two CTs of the same patient? As far as DICOM's attributes, or the tree of patients in the scene, tell."""

from __future__ import annotations

from typing import Any

import slicer
from slicer.i18n import tr as _

#: What Slicer's DICOM browser writes where a file names no patient.
_NO_NAME = "no name"


def differentPatients(first: Any, second: Any) -> str:
    """Return a sentence if two CTs are of different patients; empty if they are of one, or if that is not known.

    It names no patient, because it is also written to logs.

    Parameters
    ----------
    first, second : vtkMRMLScalarVolumeNode or None
    """
    if first is None or second is None or first is second:
        return ""
    one, other = (_identity(ct) for ct in (first, second))
    differing = [key for key in one if one[key] and other[key] and one[key] != other[key]]
    if not differing:
        return ""
    what = {"PatientID": _("patient IDs"), "PatientName": _("patient names")}
    return _("The two CTs seem to be of different patients, since their {what} differ: compare CTs of one patient only.").format(
        what=_(" and ").join(what[key] for key in differing)
    )


def _identity(ct: Any) -> dict[str, str]:
    """Return the patient's ID and name in one way of writing; empty where they are not known."""
    hierarchy = slicer.mrmlScene.GetSubjectHierarchyNode()
    constants = slicer.vtkMRMLSubjectHierarchyConstants
    item = hierarchy.GetItemByDataNode(ct) if hierarchy is not None else 0
    patient = hierarchy.GetItemAncestorAtLevel(item, constants.GetDICOMLevelPatient()) if item else 0
    attributes = {
        "PatientID": constants.GetDICOMPatientIDAttributeName(),
        "PatientName": constants.GetDICOMPatientNameAttributeName(),
    }
    found = {}
    for key, attribute in attributes.items():
        shown = hierarchy.GetItemAttribute(patient, attribute) if patient else ""
        found[key] = _normalized(ct.GetAttribute(attribute) or shown)
    if patient and not found["PatientID"]:
        found["PatientID"] = _normalized(hierarchy.GetItemUID(patient, constants.GetDICOMUIDName()))
    return found


def _normalized(text: str | None) -> str:
    """Return a text without case, and without the empty parts and the separators of a DICOM person's name."""
    plain = " ".join((text or "").replace("^", " ").replace(",", " ").casefold().split())
    return "" if plain == _NO_NAME else plain
