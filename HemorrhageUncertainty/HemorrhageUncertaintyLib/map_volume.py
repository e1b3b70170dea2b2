"""A map of the result as a volume node, ready to be shown as a heat map."""

from __future__ import annotations

from typing import Any

import numpy as np
import slicer
from numpy.typing import NDArray

from .label_segments import placeLikeCT

HEAT_COLORS = "vtkMRMLColorTableNodeFileInferno.txt"


def addMapVolume(values: NDArray[np.float32], ct: Any, name: str) -> Any:
    """Add a scalar volume node with a map (D, H, W) float32 on the CT node's own voxels, in the CT's place."""
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)
    # Before there are voxels: automatic window and level would take several passes over them.
    node.CreateDefaultDisplayNodes()
    display = node.GetDisplayNode()
    display.AutoWindowLevelOff()
    display.SetAndObserveColorNodeID(HEAT_COLORS)
    display.SetWindowLevelMinMax(0.0, max(float(values.max()), 1e-6))
    fillMapVolume(node, values, ct)
    return node


def fillMapVolume(node: Any, values: NDArray[np.float32], ct: Any) -> None:
    """Put a map into a volume node, in the CT's place."""
    placeLikeCT(node, ct)
    slicer.util.updateVolumeFromArray(node, np.asarray(values, dtype=np.float32))
