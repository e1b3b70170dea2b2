"""A finished result in the scene, without a network: the phantom's segmentation, through the engine process's files."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import slicer

from harness.synthetic_segmentation import synthetic_segmentation
from hemorrhage.segmentation import Segmentation
from hemorrhage.writing.result_schema import record_of


def add_ct(segmentation: Segmentation, name: str = "CT") -> Any:
    """Add the segmented CT to the scene as a volume node."""
    ijk_to_ras = segmentation.ct.affine[:, [2, 1, 0, 3]]
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)
    slicer.util.updateVolumeFromArray(node, segmentation.ct.hu.astype(np.int16))
    node.SetIJKToRASMatrix(slicer.util.vtkMatrixFromArray(ijk_to_ras))
    node.CreateDefaultDisplayNodes()
    return node


def write_result_folder(segmentation: Segmentation, folder: Path) -> Path:
    """Write what the engine process writes for a client."""
    folder.mkdir(parents=True)
    (folder / "result.json").write_text(json.dumps(record_of(segmentation).model_dump(mode="json")), encoding="utf-8")
    (folder / "report.html").write_text("<html><body>report</body></html>", encoding="utf-8")
    np.save(folder / "labels.npy", segmentation.labels)
    for name in ("probabilities", "variance", "entropy", "mutual_information"):
        np.save(folder / f"{name}.npy", getattr(segmentation, name).astype(np.float32))
    if segmentation.parts is not None:
        for name in ("variance_expansion", "variance_transforms"):
            np.save(folder / f"{name}.npy", getattr(segmentation.parts, name).astype(np.float32))
    return folder


def add_result(folder: Path, ct: Any = None, transform: Any = None, **phantom: Any) -> Any:
    """Return a `HemorrhageResult` of the phantom, imported into the scene.

    Parameters
    ----------
    folder : Path
        Empty; holds the files meanwhile.
    ct : vtkMRMLScalarVolumeNode, optional
        A new one, without the phantom's noise in its name, if left out.
    transform : vtkMRMLTransformNode, optional
        Parent of the CT. A linear one moves head and lesions; under another one they stay, and the CT's voxels run obliquely
        through them, as those of a CT with a tilted gantry do.
    **phantom
        For `synthetic_segmentation`.
    """
    from HemorrhageUncertaintyLib.ct_input import prepare
    from HemorrhageUncertaintyLib.result_files import ResultFiles
    from HemorrhageUncertaintyLib.result_nodes import importResult

    segmentation = synthetic_segmentation(**phantom)
    ct = ct or add_ct(segmentation)
    if transform is not None:
        ct.SetAndObserveTransformNodeID(transform.GetID())
    given = prepare(ct)
    if transform is not None and transform.IsTransformToWorldLinear():
        segmentation = remeasured(segmentation, given.affine)
    elif transform is not None:
        segmentation = synthetic_segmentation(**{**phantom, "shape": given.shape, "affine": given.affine})
    return importResult(ResultFiles.read(write_result_folder(segmentation, folder)), ct, given)


def remeasured(segmentation: Segmentation, affine: np.ndarray) -> Segmentation:
    """Return the same maps measured on a CT with another index-to-RAS matrix."""
    from types import SimpleNamespace

    from hemorrhage.head_ct import HeadCT
    from hemorrhage.measures import build_segmentation

    ct = segmentation.ct
    moved = HeadCT(ct.hu, affine, source=ct.source, warnings=ct.warnings)
    growth = moved.voxel_volume_ml / ct.voxel_volume_ml
    samples = np.zeros((len(segmentation.volumes[0].samples_ml), len(segmentation.classes)))
    for label, volume in enumerate(segmentation.volumes[:-1], start=1):
        samples[:, label] = np.array(volume.samples_ml) * growth
    fields = {field.name: getattr(segmentation, field.name) for field in dataclasses.fields(segmentation)}
    maps: Any = SimpleNamespace(**fields, sample_volumes_ml=samples)
    return build_segmentation(moved, segmentation.classes, maps, segmentation.provenance)
