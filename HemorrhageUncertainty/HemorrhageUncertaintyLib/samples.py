"""The plausible segmentations as a sequence of label maps, with a browser to slide through them."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import slicer
from numpy.typing import NDArray
from slicer.i18n import tr as _

from hemorrhage.errors import HemorrhageError

from .label_segments import placeLikeCT
from .map_volume import imageSteps
from .terminology import classColor


def addLabelColors(name: str, classes: Sequence[str]) -> Any:
    """Add a color table for label maps: index = label value, background transparent."""
    colors = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLColorTableNode", name)
    colors.SetTypeToUser()
    colors.SetAttribute("Category", "Segmentations")
    colors.SetNumberOfColors(len(classes))
    colors.SetColor(0, classes[0], 0.0, 0.0, 0.0, 0.0)
    for label, className in enumerate(classes[1:], start=1):
        colors.SetColor(label, className, *classColor(className), 1.0)
    return colors


def addSamples(
    browser: Any, samples: Iterable[Generator[None, None, NDArray[np.uint8]]], colors: Any, ct: Any, name: str
) -> Iterator[None]:
    """Fill a sequence browser with label maps, at most one sample at each step of the iterator.

    The browser shows one of them as a label map node, which takes the CT's place in space and is not drawn until a view is told
    to. Browsing never changes the samples.

    Parameters
    ----------
    browser : vtkMRMLSequenceBrowserNode
        Empty.
    samples : iterable of generators
        Each returns a label map (D, H, W) uint8 on the CT node's own voxels, see `CTInput.toNodeGridSteps`.
    colors : vtkMRMLColorTableNode
        See `addLabelColors`.
    ct : vtkMRMLScalarVolumeNode
    name : str
        Of the sequence.
    """
    scene = slicer.mrmlScene
    sequence = scene.AddNewNodeByClass("vtkMRMLSequenceNode", name)
    sequence.SetIndexName("sample")
    sequence.SetIndexUnit("")
    sequence.SetIndexTypeFromString("numeric")
    browser.AddSynchronizedSequenceNode(sequence)
    template = slicer.vtkMRMLLabelMapVolumeNode()
    template.SetName(name)
    placeLikeCT(template, ct)
    for number, steps in enumerate(samples, start=1):
        labels = yield from steps
        template.SetAndObserveImageData((yield from imageSteps(labels)))
        sequence.SetDataNodeAtValue(template, str(number))
        yield
    browser.SetSaveChanges(sequence, False)
    browser.SetOverwriteProxyName(sequence, False)
    browser.SetPlaybackLooped(True)
    browser.SetSelectedItemNumber(0)
    slicer.modules.sequences.logic().UpdateProxyNodesFromSequences(browser)
    shown = browser.GetProxyNode(sequence)
    shown.SetName(name)
    placeLikeCT(shown, ct)
    shown.GetDisplayNode().SetAndObserveColorNodeID(colors.GetID())
    yield


def sampleSequence(browser: Any) -> Any:
    """Return the sequence node of a browser made by `addSamples`."""
    return browser.GetMasterSequenceNode()


def shownSample(browser: Any) -> Any:
    """Return the label map node that shows the selected sample."""
    return browser.GetProxyNode(sampleSequence(browser))


def sampleCount(browser: Any) -> int:
    """Return the number of samples."""
    return int(sampleSequence(browser).GetNumberOfDataNodes())


def selectSample(browser: Any, number: int) -> Any:
    """Show a sample, counted from 1; returns the label map node.

    Raises
    ------
    HemorrhageError
        There is no such sample.
    """
    if not 1 <= number <= sampleCount(browser):
        raise HemorrhageError(
            _("There is no sample {number}: choose one from 1 to {count}.").format(number=number, count=sampleCount(browser))
        )
    browser.SetSelectedItemNumber(number - 1)
    slicer.modules.sequences.logic().UpdateProxyNodesFromSequences(browser)
    return shownSample(browser)
