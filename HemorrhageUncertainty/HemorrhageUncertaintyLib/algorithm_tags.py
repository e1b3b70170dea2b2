"""How each segment came about, in the words of DICOM Segmentation objects: without them Slicer's exporter calls it manual."""

from __future__ import annotations

from typing import Any

import vtk

#: Tags of segments that Slicer's exporter reads.
TYPE_TAG, NAME_TAG = "DICOM.SegmentAlgorithmType", "DICOM.SegmentAlgorithmName"
AUTOMATIC, EDITED = "AUTOMATIC", "SEMIAUTOMATIC"
#: Most characters of a long string (LO) in DICOM.
_LONGEST = 64
#: Ends a string there, or a tag in Slicer's files of segmentations.
_ENDINGS = str.maketrans("\\|\n", "///")


def tagAutomatic(segmentation: Any, procedure: str) -> None:
    """Say of all segments of a segmentation node that a program made them.

    Parameters
    ----------
    segmentation : vtkMRMLSegmentationNode
    procedure : str
        Method and model.
    """
    name = f"HemorrhageUncertainty, {procedure}".translate(_ENDINGS)[:_LONGEST].strip()
    segments = segmentation.GetSegmentation()
    for identifier in segments.GetSegmentIDs():
        segments.GetSegment(identifier).SetTag(TYPE_TAG, AUTOMATIC)
        segments.GetSegment(identifier).SetTag(NAME_TAG, name)


def tagEdited(segmentation: Any, segmentID: str) -> None:
    """Say of a segment that a person has changed what the program made; one that a person made stays theirs."""
    segment = segmentation.GetSegmentation().GetSegment(segmentID)
    if tagOf(segment, TYPE_TAG) == AUTOMATIC:
        segment.SetTag(TYPE_TAG, EDITED)


def isAutomatic(segmentation: Any) -> bool:
    """Whether a program made all segments of a segmentation node, and nobody has been seen to change one."""
    segments = segmentation.GetSegmentation()
    return all(tagOf(segments.GetSegment(each), TYPE_TAG) == AUTOMATIC for each in segments.GetSegmentIDs())


def tagOf(segment: Any, tag: str) -> str:
    """Return a tag of a segment; empty where it has none."""
    value = vtk.reference("")
    return str(value) if segment.GetTag(tag, value) else ""
