"""Codes of the segments are those of DICOM, in the form that Slicer's own terminology logic and its DICOM exporter read."""

import json

import pytest
import slicer
from pydicom.sr.codedict import codes

from harness.scene_ct import add_ct, write_result_folder
from harness.synthetic_segmentation import synthetic_segmentation
from hemorrhage.hemorrhage_class import SIX_CLASSES
from HemorrhageUncertaintyLib.ct_input import prepare
from HemorrhageUncertaintyLib.result_files import ResultFiles
from HemorrhageUncertaintyLib.result_nodes import importResult
from HemorrhageUncertaintyLib.terminology import (
    CATEGORY,
    CONTEXT_FILE,
    CONTEXT_NAME,
    REGIONS,
    TYPE,
    classColor,
    loadTerminology,
    terminologyEntry,
)


def test_codes_are_those_of_the_dicom_standard():
    known = {
        TYPE: codes.SCT.Hemorrhage,
        REGIONS["IPH"]: codes.SCT.Brain,
        REGIONS["IVH"]: codes.SCT.BrainVentricle,
        REGIONS["SAH"]: codes.SCT.SubarachnoidSpace,
    }
    for ours, theirs in known.items():
        assert (ours.value, ours.scheme) == (theirs.value, "SCT")
        assert ours.meaning.lower() == theirs.meaning.lower()
    # The standard now says "abnormal" where Slicer's lists say "altered": the code is the same.
    assert CATEGORY.value == codes.SCT.MorphologicallyAbnormalStructure.value


@pytest.mark.parametrize("name", SIX_CLASSES[1:])
def test_slicer_reads_the_entry_of_each_class(name):
    entry = slicer.vtkSlicerTerminologyEntry()
    assert slicer.vtkSlicerTerminologiesModuleLogic.DeserializeTerminologyEntry(terminologyEntry(name), entry)
    assert entry.GetTerminologyContextName() == CONTEXT_NAME
    for found, expected in ((entry.GetCategoryObject(), CATEGORY), (entry.GetTypeObject(), TYPE)):
        assert (found.GetCodeValue(), found.GetCodingSchemeDesignator(), found.GetCodeMeaning()) == expected.triple
    region = entry.GetRegionObject().GetCodeValue() or None
    assert region == (REGIONS[name].value if name in REGIONS else None)


def test_slicer_loads_our_context():
    logic = slicer.vtkSlicerTerminologiesModuleLogic()
    assert not logic.IsTerminologyContextLoaded(CONTEXT_NAME)
    assert loadTerminology(logic)
    assert loadTerminology(logic)
    assert logic.GetNumberOfCategoriesInTerminology(CONTEXT_NAME) == 1
    category = slicer.vtkSlicerTerminologyCategory()
    assert logic.GetNthCategoryInTerminology(CONTEXT_NAME, 0, category)
    assert category.GetCodeValue() == CATEGORY.value
    found = slicer.vtkSlicerTerminologyType()
    assert logic.GetNthTypeInTerminologyCategory(CONTEXT_NAME, category, 0, found)
    assert (found.GetCodeValue(), found.GetCodeMeaning()) == (TYPE.value, TYPE.meaning)
    record = json.loads(CONTEXT_FILE.read_text(encoding="utf-8"))
    color = record["SegmentationCodes"]["Category"][0]["Type"][0]["recommendedDisplayRGBValue"]
    assert classColor("hemorrhage") == pytest.approx([part / 255 for part in color])


def test_segments_carry_what_the_dicom_exporter_needs(tmp_path):
    """Each segment has its codes and color, and the segmentation the geometry of the CT, by value and by reference."""
    phantom = synthetic_segmentation("oblique", (12, 40, 44))
    ct = add_ct(phantom.ct.hu, phantom.ct.affine)
    result = importResult(ResultFiles.read(write_result_folder(phantom, tmp_path / "out")), ct, prepare(ct))
    node, segmentation = result.segmentation, result.segmentation.GetSegmentation()
    for name in segmentation.GetSegmentIDs():
        segment = segmentation.GetSegment(name)
        assert segment.GetTerminology() == terminologyEntry(name)
        assert segment.GetName() == name
        assert segment.GetColor() == pytest.approx(classColor(name))
    assert node.GetNodeReference(node.GetReferenceImageGeometryReferenceRole()) is ct
    geometry = segmentation.GetConversionParameter("Reference image geometry")
    image = slicer.vtkOrientedImageData()
    assert slicer.vtkSegmentationConverter.DeserializeImageGeometry(geometry, image, False)
    assert image.GetDimensions() == ct.GetImageData().GetDimensions()
    assert image.GetSpacing() == pytest.approx(ct.GetSpacing())
