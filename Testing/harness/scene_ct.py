"""CTs and results for the scene: nodes with any geometry, transforms as Slicer's DICOM reader makes them, result folders."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import slicer
import vtk
from vtk.util.numpy_support import vtk_to_numpy

from hemorrhage.segmentation import Segmentation
from hemorrhage.writing.result_schema import record_of


def add_ct(hu: np.ndarray, affine: np.ndarray, name: str = "CT 1") -> Any:
    """Add a volume node with HU (D, H, W) and an affine (slice, row, column) -> RAS."""
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)
    node.SetIJKToRASMatrix(slicer.util.vtkMatrixFromArray(affine[:, [2, 1, 0, 3]]))
    slicer.util.updateVolumeFromArray(node, np.rint(hu).astype(np.int16))
    node.CreateDefaultDisplayNodes()
    return node


def add_linear_transform(matrix: np.ndarray, *nodes: Any) -> Any:
    """Put nodes under a linear transform to world."""
    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "moved")
    transform.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(matrix))
    for node in nodes:
        node.SetAndObserveTransformNodeID(transform.GetID())
    return transform


def add_acquisition_transform(ct: Any, positions: np.ndarray) -> Any:
    """Put a CT under the grid transform that Slicer's DICOM reader makes where slices are not where a plain grid has them.

    There is one displacement at each corner of each slice, in the directions of the volume.

    Parameters
    ----------
    ct : vtkMRMLScalarVolumeNode
        Its rows and columns are right; only its slices are moved.
    positions : (D, 3)
        True place of the first voxel of each slice, R, A, S in mm.
    """
    columns, rows, slices = ct.GetImageData().GetDimensions()
    image = vtk.vtkImageData()
    image.SetOrigin(*ct.GetOrigin())
    image.SetDimensions(2, 2, slices)
    spacing = ct.GetSpacing()
    image.SetSpacing(spacing[0] * columns, spacing[1] * rows, spacing[2])
    image.AllocateScalars(vtk.VTK_DOUBLE, 3)
    directions = vtk.vtkMatrix4x4()
    ct.GetIJKToRASDirectionMatrix(directions)
    grid = slicer.vtkOrientedGridTransform()
    grid.SetGridDirectionMatrix(directions)
    grid.SetDisplacementGridData(image)
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLGridTransformNode", f"{ct.GetName()} acquisition transform")
    node.SetAndObserveTransformToParent(grid)
    ct.SetAndObserveTransformNodeID(node.GetID())
    matrix = vtk.vtkMatrix4x4()
    ct.GetIJKToRASMatrix(matrix)
    displacements = slicer.util.arrayFromGridTransform(node)
    for number in range(slices):
        displacements[number] = positions[number] - np.array(matrix.MultiplyPoint([0, 0, number, 1])[:3])
    slicer.util.arrayFromGridTransformModified(node)
    return node


def world_of(node: Any, index: tuple[float, float, float], matrix: vtk.vtkMatrix4x4 | None = None) -> np.ndarray:
    """Return the world point of (slice, row, column): by the node's grid (or `matrix`), then by Slicer's own transform."""
    if matrix is None:
        matrix = vtk.vtkMatrix4x4()
        node.GetIJKToRASMatrix(matrix)
    own = matrix.MultiplyPoint([index[2], index[1], index[0], 1.0])[:3]
    world = [0.0, 0.0, 0.0]
    node.TransformPointToWorld(own, world)
    return np.array(world)


def segment_image(segmentation: Any, identifier: str) -> Any:
    """Return the binary label map of one segment."""
    image = slicer.vtkOrientedImageData()
    segmentation.GetBinaryLabelmapRepresentation(identifier, image)
    return image


def world_points_of_segment(segmentation: Any, identifier: str) -> np.ndarray:
    """Return the world points (N, 3) of a segment's voxels: by the image itself, then by Slicer's own transform."""
    image = segment_image(segmentation, identifier)
    extent = image.GetExtent()
    shape = tuple(extent[2 * axis + 1] - extent[2 * axis] + 1 for axis in (2, 1, 0))
    mask = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(shape) > 0
    matrix = vtk.vtkMatrix4x4()
    image.GetImageToWorldMatrix(matrix)
    index = np.argwhere(mask) + np.array([extent[4], extent[2], extent[0]])
    return np.array([world_of(segmentation, tuple(i), matrix) for i in index])


def write_result_folder(segmentation: Segmentation, folder: Path, *, samples: int = 0) -> Path:
    """Write what the engine process leaves behind; the samples are the label map, shifted by one column each."""
    folder.mkdir(parents=True)
    (folder / "result.json").write_text(record_of(segmentation).model_dump_json(), encoding="utf-8")
    (folder / "report.html").write_text("<!doctype html><p>Report with “quotes” & <b>umlauts äöü</b></p>" * 20, encoding="utf-8")
    np.save(folder / "labels.npy", segmentation.labels)
    for name in ("probabilities", "variance", "entropy", "mutual_information"):
        np.save(folder / f"{name}.npy", getattr(segmentation, name))
    if samples:
        np.save(folder / "samples.npy", np.stack([np.roll(segmentation.labels, shift, axis=2) for shift in range(samples)]))
    return folder


def write_preview_folder(segmentation: Segmentation, folder: Path, samples: int) -> Path:
    """Write what the engine process leaves behind after some samples."""
    folder.mkdir(parents=True)
    np.save(folder / "labels.npy", segmentation.labels)
    np.save(folder / "entropy.npy", segmentation.entropy)
    np.save(folder / "variance.npy", segmentation.variance)
    volumes = [{"name": volume.name, "volume_ml": volume.volume_ml} for volume in segmentation.volumes]
    (folder / "preview.json").write_text(json.dumps({"samples": samples, "volumes": volumes}), encoding="utf-8")
    return folder
