"""A result as files: report, tables, label map and maps."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import slicer
from slicer.i18n import tr as _

from .result_csv import write_lesions, write_places, write_volumes
from .segment_voxels import segmentOf

_MAPS = {
    "variance": "variance",
    "entropy": "entropy",
    "mutualInformation": "mutual_information",
    "varianceExpansion": "variance_expansion",
    "varianceTransforms": "variance_transforms",
}


class ExportError(RuntimeError):
    """A file could not be written; the message says which and what to do."""


def saveReport(result: Any, path: str | Path) -> Path:
    """Write the report of a result, one HTML file that opens offline, and return its path.

    Raises
    ------
    ExportError
        The result has no report, or the file cannot be written.
    """
    if result.report is None:
        raise ExportError(_("This result has no report: segment the CT again."))
    path = Path(path).expanduser()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(result.report.GetText(), encoding="utf-8")
    except OSError as error:
        raise _notWritten(path, error) from error
    return path


def export(result: Any, folder: str | Path, imageFormat: str = "nrrd") -> list[Path]:
    """Write everything of a result that is useful outside Slicer into a folder, and return the files.

    ``volumes.csv``, ``lesions.csv``, ``places.csv``, ``result.json``, ``report.html``; ``labels`` (as edited by now; 0 is
    background, then the classes in the order of result.json), ``variance``, ``entropy``, ``mutual_information``,
    ``probability_CLASS``, and the parts of the variance where there are any. Images are in world space: under a transform that
    is not linear they are interpolated. Files of the same names are replaced; nothing in the scene changes.

    Parameters
    ----------
    result : HemorrhageResult
    folder : path
        Made if it does not exist.
    imageFormat : str
        ``nrrd`` (keeps the geometry exactly) or ``nii.gz``.

    Raises
    ------
    ExportError
        A file cannot be written.
    """
    folder = Path(folder).expanduser()
    written: list[Path] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, write in (("volumes.csv", write_volumes), ("lesions.csv", write_lesions), ("places.csv", write_places)):
            write(result, folder / name)
            written.append(folder / name)
        written.append(folder / "result.json")
        written[-1].write_text(json.dumps(result.summary, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise _notWritten(folder, error) from error
    if result.report is not None:
        written.append(saveReport(result, folder / "report.html"))
    if result.segmentation is not None and result.ct is not None:
        written.append(folder / f"labels.{imageFormat}")
        _saveImage(_labels(result), result.ct, written[-1], "vtkMRMLLabelMapVolumeNode")
    for role in result.roles:
        className = role.removeprefix("probabilities.")
        name = _MAPS.get(role) or (f"probability_{className}" if className != role else None)
        if name is not None:
            node = result.map(role)
            written.append(folder / f"{name}.{imageFormat}")
            _saveImage(slicer.util.arrayFromVolume(node), node, written[-1], "vtkMRMLScalarVolumeNode")
    return written


def _labels(result: Any) -> np.ndarray:
    """Return (D, H, W) uint8: the segments on the CT's voxels; where they overlap the later class wins."""
    labels = np.zeros(slicer.util.arrayFromVolume(result.ct).shape, dtype=np.uint8)
    for label, name in enumerate(result.summary["classes"][1:], start=1):
        segment = segmentOf(result.segmentation, name)
        if segment is not None:
            labels[slicer.util.arrayFromSegmentBinaryLabelmap(result.segmentation, segment, result.ct) > 0] = label
    return labels


def _saveImage(values: np.ndarray, like: Any, path: Path, nodeClass: str) -> None:
    """Save an array with the grid and the parent transform of a node; a copy, so that the node's own file is not changed."""
    import vtk

    toRAS = vtk.vtkMatrix4x4()
    like.GetIJKToRASMatrix(toRAS)
    node = slicer.util.addVolumeFromArray(values, toRAS, path.name, nodeClass)
    try:
        node.SetSaveWithScene(False)
        if like.GetTransformNodeID() is not None:
            node.SetAndObserveTransformNodeID(like.GetTransformNodeID())
            node.HardenTransform()
        if not slicer.util.saveNode(node, str(path), {}):
            raise _notWritten(path, None)
    finally:
        attached = [node.GetStorageNode(), *(node.GetNthDisplayNode(i) for i in range(node.GetNumberOfDisplayNodes()))]
        for each in (*attached, node):
            if each is not None:
                slicer.mrmlScene.RemoveNode(each)


def _notWritten(path: Path, error: OSError | None) -> ExportError:
    reason = f" ({error.strerror})" if error is not None and error.strerror else ""
    return ExportError(_("{path} cannot be written{reason}: choose another folder.").format(path=path, reason=reason))
