"""What the samples say so far, shown while the others are still drawn."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any

import numpy as np
import slicer
from slicer.i18n import tr as _

from .background import inBackground
from .ct_input import CTInput
from .ct_presence import checkUnchanged
from .heat_map_style import styleOf
from .label_segments import fillSegmentation
from .map_volume import addMapVolume, fillMapVolume, imageSteps
from .node_removal import removeNodesSteps
from .result_files import PreviewFiles
from .step_runner import allSteps


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

    @property
    def ct(self) -> Any:
        """The CT that is segmented, or None."""
        return self.segmentation.GetNodeReference(self.segmentation.GetReferenceImageGeometryReferenceRole())

    def remove(self) -> None:
        """Remove the nodes; does nothing where they are gone already."""
        allSteps(self.removeSteps())

    def removeSteps(self) -> Generator[None, None, None]:
        """Do `remove` one node a step; closing this does the rest at once."""
        nodes = []
        for node in (self.segmentation, self.heatMap):
            # Before its display nodes: a view whose volume loses its display looks for another window, in every voxel.
            nodes += [node, *(node.GetNthDisplayNode(index) for index in range(node.GetNumberOfDisplayNodes()))]
        yield from removeNodesSteps(nodes)


def importPreview(folder: str | Path, ct: Any, input: CTInput, previous: PreviewNodes | None = None) -> PreviewNodes:
    """Show a preview folder at once; see `previewSteps`."""
    return allSteps(previewSteps(folder, ct, input, previous))


def previewSteps(
    folder: str | Path, ct: Any, input: CTInput, previous: PreviewNodes | None = None
) -> Generator[None, None, PreviewNodes]:
    """Show a preview folder; the nodes of an earlier preview are used again.

    The scene is changed in the last step only, so that giving up half-way leaves nothing behind.

    Raises
    ------
    ResultDroppedError
        See `importResult`.
    UnreadableInputError
        The folder is incomplete.
    """
    checkUnchanged(ct, input)
    files = PreviewFiles.read(folder)
    labels = yield from input.toNodeGridSteps(files.labels, "labels")
    labels = yield from inBackground(lambda: np.array(labels))  # from the disk
    entropy = yield from input.toNodeGridSteps(files.entropy, "map")
    image = yield from imageSteps(entropy)
    checkUnchanged(ct, input)
    if previous is not None and previous.exists:
        preview = previous
        preview.samples = files.samples
        fillMapVolume(preview.heatMap, image, ct)
    else:
        if previous is not None:
            previous.remove()
        name = _("{ct} preview").format(ct=input.name)
        segmentation = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", name)
        segmentation.CreateDefaultDisplayNodes()
        style = styleOf("entropy", len(files.classes))
        heatMap = addMapVolume(image, style, ct, _("{ct} preview of the entropy").format(ct=input.name))
        preview = PreviewNodes(segmentation, heatMap, files.samples)
        for node in (segmentation, segmentation.GetDisplayNode(), preview.heatMap, preview.heatMap.GetDisplayNode()):
            node.SetSaveWithScene(False)
    fillSegmentation(preview.segmentation, labels, files.classes, ct)
    return preview
