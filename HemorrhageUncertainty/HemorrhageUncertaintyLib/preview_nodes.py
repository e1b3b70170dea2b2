"""What the samples say so far, shown while the others are still drawn."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import slicer
from slicer.i18n import tr as _

from .ct_input import CTInput
from .ct_presence import checkUnchanged
from .label_segments import fillSegmentation
from .map_volume import addMapVolume, fillMapVolume
from .result_files import PreviewFiles


class PreviewNodes:
    """A segmentation and a heat map that are replaced as samples arrive; never saved with a scene.

    Attributes
    ----------
    segmentation : vtkMRMLSegmentationNode
    heatMap : vtkMRMLScalarVolumeNode
        Entropy.
    samples : int
        How many samples they rest on.
    """

    def __init__(self, segmentation: Any, heatMap: Any, samples: int) -> None:
        self.segmentation = segmentation
        self.heatMap = heatMap
        self.samples = samples

    @property
    def exists(self) -> bool:
        """Whether both nodes are still in the scene."""
        return self.segmentation.GetScene() is not None and self.heatMap.GetScene() is not None

    def remove(self) -> None:
        """Remove the nodes; does nothing where they are gone already."""
        for node in (self.segmentation, self.heatMap):
            if node.GetScene() is None:
                continue
            for index in reversed(range(node.GetNumberOfDisplayNodes())):
                slicer.mrmlScene.RemoveNode(node.GetNthDisplayNode(index))
            slicer.mrmlScene.RemoveNode(node)


def importPreview(folder: str | Path, ct: Any, input: CTInput, previous: PreviewNodes | None = None) -> PreviewNodes:
    """Show a preview folder; the nodes of an earlier preview are used again.

    Raises
    ------
    ResultDroppedError
        See `importResult`.
    UnreadableInputError
        The folder is incomplete.
    """
    checkUnchanged(ct, input)
    files = PreviewFiles.read(folder)
    labels, entropy = input.toNodeGrid(files.labels, "labels"), input.toNodeGrid(files.entropy, "map")
    if previous is not None and previous.exists:
        preview = previous
        preview.samples = files.samples
        fillMapVolume(preview.heatMap, entropy, ct)
        preview.heatMap.GetDisplayNode().SetWindowLevelMinMax(0.0, max(float(entropy.max()), 1e-6))
    else:
        if previous is not None:
            previous.remove()
        name = _("{ct} preview").format(ct=input.name)
        segmentation = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", name)
        segmentation.CreateDefaultDisplayNodes()
        preview = PreviewNodes(
            segmentation, addMapVolume(entropy, ct, _("{ct} preview of the entropy").format(ct=input.name)), files.samples
        )
        for node in (segmentation, segmentation.GetDisplayNode(), preview.heatMap, preview.heatMap.GetDisplayNode()):
            node.SetSaveWithScene(False)
    fillSegmentation(preview.segmentation, labels, files.classes, ct)
    return preview
