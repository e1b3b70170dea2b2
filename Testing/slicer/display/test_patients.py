"""Two CTs of different patients are noticed, however their attributes are written, and nothing is said where nothing is known."""

from __future__ import annotations

import pytest
import slicer

from HemorrhageUncertaintyLib.patients import differentPatients

ID, NAME = "DICOM.PatientID", "DICOM.PatientName"


def ct_of(patient: dict[str, str], uid: str = ""):
    """A volume below a study of a patient with these attributes, as the DICOM module leaves it."""
    hierarchy = slicer.mrmlScene.GetSubjectHierarchyNode()
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "CT")
    item = hierarchy.CreateSubjectItem(hierarchy.GetSceneItemID(), "patient")
    for name, value in patient.items():
        hierarchy.SetItemAttribute(item, name, value)
    if uid:
        hierarchy.SetItemUID(item, "DICOM", uid)
    hierarchy.SetItemParent(hierarchy.GetItemByDataNode(node), hierarchy.CreateStudyItem(item, "study"))
    return node


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        ({ID: "17", NAME: "Doe^Jane"}, {ID: "17", NAME: "DOE^JANE^^^"}, ""),
        ({ID: "17"}, {ID: "18"}, "patient IDs differ"),
        ({ID: "17", NAME: "Doe^Jane"}, {ID: "17", NAME: "Roe^Jane"}, "patient names differ"),
        ({ID: "17", NAME: "Doe^Jane"}, {ID: "18", NAME: "Roe^Jane"}, "patient IDs and patient names differ"),
        ({ID: "17"}, {NAME: "Doe^Jane"}, ""),
        ({ID: "17", NAME: "No name"}, {ID: "17", NAME: "Doe^Jane"}, ""),
        ({}, {ID: "17"}, ""),
    ],
)
def test_what_is_said(first, second, said):
    sentence = differentPatients(ct_of(first), ct_of(second))
    assert said in sentence
    assert bool(sentence) == bool(said)
    assert "17" not in sentence  # it is also written to logs


def test_identifier_of_the_patient_in_the_tree_counts():
    assert "IDs differ" in differentPatients(ct_of({}, uid="17"), ct_of({}, uid="18"))
    assert not differentPatients(ct_of({}, uid="17"), ct_of({ID: "17"}))


def test_own_attributes_of_a_volume_count_first():
    one, other = ct_of({ID: "17"}), ct_of({ID: "17"})
    other.SetAttribute(ID, "18")
    assert "IDs differ" in differentPatients(one, other)
    assert not differentPatients(one, one)
    assert not differentPatients(one, None)
