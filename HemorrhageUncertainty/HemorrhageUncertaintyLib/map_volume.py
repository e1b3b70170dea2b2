"""A map of the result as a volume node, shown as a heat map: the CT stays as it is where there is next to nothing."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import numpy as np
import slicer
import vtk
from numpy.typing import NDArray
from vtk.util.numpy_support import get_vtk_array_type, vtk_to_numpy

from .background import inBackground
from .heat_map_style import HeatMapStyle
from .label_segments import placeLikeCT

#: By ID: Slicer names tables that come from a file so, and knows no ``vtkMRMLColorTableNodeInferno``.
HEAT_COLORS = "vtkMRMLColorTableNodeFileInferno.txt"
#: Marks a display node that has had its first appearance, so that what a user changes afterwards stays.
_PREPARED = "HemorrhageUncertainty.heatMap"
#: Every map ends at 1 (or a rounding above), and nothing is hidden for being too high.
_ABOVE_EVERY_MAP = 2.0


def imageSteps(values: NDArray[Any]) -> Generator[None, None, Any]:
    """Copy an array (D, H, W), which may still be on disk, in the background; return it as a vtkImageData."""
    image = vtk.vtkImageData()
    image.SetDimensions(*reversed(values.shape))
    image.AllocateScalars(get_vtk_array_type(values.dtype), 1)
    voxels = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(values.shape)
    yield from inBackground(lambda: np.copyto(voxels, values))
    return image


def addMapVolume(image: Any, style: HeatMapStyle, ct: Any, name: str) -> Any:
    """Add a scalar volume node with a map on the CT node's own voxels, in the CT's place.

    Parameters
    ----------
    image : vtkImageData
        Of float32, see `imageSteps`; the node keeps it.
    style : HeatMapStyle
    ct : vtkMRMLScalarVolumeNode
    name : str
    """
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)
    # Before there are voxels: automatic window and level would take several passes over them.
    heatDisplay(node, style)
    fillMapVolume(node, image, ct)
    return node


def fillMapVolume(node: Any, image: Any, ct: Any) -> None:
    """Put another map into a volume node, in the CT's place."""
    placeLikeCT(node, ct)
    node.SetAndObserveImageData(image)


def heatDisplay(node: Any, style: HeatMapStyle) -> Any:
    """Return the display node of a map's volume node; the first time it gets its colors, its scale and what is transparent."""
    node.CreateDefaultDisplayNodes()
    display = node.GetDisplayNode()
    if display.GetAttribute(_PREPARED) is None:
        wasModifying = display.StartModify()
        display.SetAndObserveColorNodeID(HEAT_COLORS)
        display.AutoWindowLevelOff()
        display.SetWindowLevelMinMax(0.0, style.high)
        display.AutoThresholdOff()
        display.SetThreshold(style.threshold, _ABOVE_EVERY_MAP)
        display.ApplyThresholdOn()
        display.SetAttribute(_PREPARED, "1")
        display.EndModify(wasModifying)
    return display
