"""A map of the result as a volume node, ready to be shown as a heat map."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import numpy as np
import slicer
import vtk
from numpy.typing import NDArray
from vtk.util.numpy_support import get_vtk_array_type, vtk_to_numpy

from .background import inBackground
from .label_segments import placeLikeCT

HEAT_COLORS = "vtkMRMLColorTableNodeFileInferno.txt"


def imageSteps(values: NDArray[Any]) -> Generator[None, None, Any]:
    """Copy an array (D, H, W), which may still be on disk, in the background; return it as a vtkImageData."""
    image = vtk.vtkImageData()
    image.SetDimensions(*reversed(values.shape))
    image.AllocateScalars(get_vtk_array_type(values.dtype), 1)
    voxels = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(values.shape)
    yield from inBackground(lambda: np.copyto(voxels, values))
    return image


def mapImageSteps(values: NDArray[np.float32]) -> Generator[None, None, tuple[Any, float]]:
    """Do what `imageSteps` does, and also return the highest value."""
    image = yield from imageSteps(values)
    highest = yield from inBackground(lambda: float(values.max()))
    return image, highest


def addMapVolume(image: Any, highest: float, ct: Any, name: str) -> Any:
    """Add a scalar volume node with a map on the CT node's own voxels, in the CT's place.

    Parameters
    ----------
    image : vtkImageData
        Of float32, see `mapImageSteps`; the node keeps it.
    highest : float
        Where the colors end.
    ct : vtkMRMLScalarVolumeNode
    name : str
    """
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)
    # Before there are voxels: automatic window and level would take several passes over them.
    node.CreateDefaultDisplayNodes()
    display = node.GetDisplayNode()
    display.AutoWindowLevelOff()
    display.SetAndObserveColorNodeID(HEAT_COLORS)
    fillMapVolume(node, image, highest, ct)
    return node


def fillMapVolume(node: Any, image: Any, highest: float, ct: Any) -> None:
    """Put another map into a volume node, in the CT's place."""
    node.GetDisplayNode().SetWindowLevelMinMax(0.0, max(highest, 1e-6))
    placeLikeCT(node, ct)
    node.SetAndObserveImageData(image)
