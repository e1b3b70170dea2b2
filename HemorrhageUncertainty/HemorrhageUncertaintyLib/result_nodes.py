"""From the files of a result to nodes in the scene."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import slicer
from numpy.typing import NDArray
from slicer.i18n import tr as _

from .algorithm_tags import tagAutomatic
from .background import inBackground
from .ct_input import CTInput
from .ct_presence import ResultDroppedError, checkStillThere, checkUnchanged
from .heat_map_style import styleOf
from .hemorrhage_result import HemorrhageResult
from .hierarchy import createFolder, putInFolder
from .label_segments import fillSegmentation
from .map_volume import addMapVolume, imageSteps
from .preview_nodes import PreviewNodes, importPreview, previewSteps
from .procedure import Procedure
from .replacement import numberOf, replaceable, replaceSteps
from .result_files import ResultFiles
from .samples import addLabelColors, addSamples, sampleSequence, shownSample
from .step_runner import allSteps

__all__ = [
    "HemorrhageResult",
    "ImportSteps",
    "PreviewNodes",
    "ResultDroppedError",
    "importPreview",
    "importResult",
    "previewSteps",
]


class ImportSteps:
    """Makes the nodes of a result one after another, so that the application can draw in between.

    Iterate over it; `result` is there when the iteration has ended. The CT is looked for again at every step. If a step fails or
    the iteration is given up (`close`), what was made so far is removed.

    Parameters
    ----------
    files : ResultFiles
    ct : vtkMRMLScalarVolumeNode
    input : CTInput
        What the engine was given.
    """

    def __init__(self, files: ResultFiles, ct: Any, input: CTInput) -> None:
        self.result: HemorrhageResult | None = None
        self._files, self._ct, self._input = files, ct, input
        self._partial: HemorrhageResult | None = None
        self._steps = self._run()

    def __iter__(self) -> Iterator[None]:
        return self._steps

    def close(self) -> None:
        """Give up; does nothing where the import has ended."""
        self._steps.close()

    def _run(self) -> Iterator[None]:
        try:
            checkUnchanged(self._ct, self._input)
            for _step in self._make():
                yield
                checkStillThere(self._ct, self._input)
            checkUnchanged(self._ct, self._input)
            self.result, self._partial = self._partial, None
        finally:
            if self._partial is not None:
                self._partial.remove()

    def _make(self) -> Iterator[None]:
        files, ct, given = self._files, self._ct, self._input
        name = ct.GetName() or _("CT")
        # Which says what is what where results of several methods lie beside each other.
        algorithm, number = Procedure.of(files.summary).shortLabel, numberOf(ct, files.summary)
        how = f"{algorithm}, {number}" if number > 1 else algorithm
        title = _("{ct} hemorrhage ({how})").format(ct=name, how=how)
        result = self._partial = HemorrhageResult.create(ct, files.summary, title)
        labels = yield from given.toNodeGridSteps(files.labels, "labels")
        labels = yield from inBackground(lambda: np.array(labels))  # from the disk
        segmentation = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", title)
        result.setNode("segmentation", segmentation)
        segmentation.CreateDefaultDisplayNodes()
        fillSegmentation(segmentation, labels, files.classes, ct)
        tagAutomatic(segmentation, algorithm)
        folder = createFolder(ct, title)
        putInFolder(folder, [segmentation])
        yield
        for role, what, values in self._maps():
            on_node = yield from given.toNodeGridSteps(values, "map")
            image = yield from imageSteps(on_node)
            node = addMapVolume(image, styleOf(role, len(files.classes)), ct, f"{name} {what} ({how})")
            result.setNode(role, node)
            yield
        if files.report:
            report = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTextNode", _("{ct} report").format(ct=name))
            report.SetText(files.report)
            result.setNode("report", report)
        if files.samples is not None:
            yield from self._add_samples(result, folder, name)

    def _maps(self) -> Iterator[tuple[str, str, NDArray[np.float32]]]:
        files = self._files
        yield "entropy", _("entropy"), files.entropy
        yield "variance", _("variance"), files.variance
        yield "mutualInformation", _("mutual information"), files.mutual_information
        if files.variance_expansion is not None:
            yield "varianceExpansion", _("variance of the slice expansion"), files.variance_expansion
        if files.variance_transforms is not None:
            yield "varianceTransforms", _("variance of the transforms"), files.variance_transforms
        for label, className in enumerate(files.classes[1:], start=1):
            yield f"probabilities.{className}", _("probability of {name}").format(name=className), files.probabilities[label]

    def _add_samples(self, result: HemorrhageResult, folder: int, name: str) -> Iterator[None]:
        colors = addLabelColors(_("{ct} hemorrhage colors").format(ct=name), self._files.classes)
        result.setNode("labelColors", colors)
        browser = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceBrowserNode", _("{ct} sample browser").format(ct=name))
        result.setNode("samples", browser)
        samples = (self._input.toNodeGridSteps(sample, "labels") for sample in self._files.samples)
        yield from addSamples(browser, samples, colors, self._ct, _("{ct} sample").format(ct=name))
        putInFolder(folder, [sampleSequence(browser), shownSample(browser)])


def importResult(files: ResultFiles, ct: Any, input: CTInput, *, replace: bool = True) -> HemorrhageResult:
    """Make all nodes of a result at once; see `ImportSteps`, which does it step by step.

    Parameters
    ----------
    files, ct, input
        See `ImportSteps`.
    replace : bool
        Whether earlier results of this CT by the same model and method are removed once this one is complete, unless a reader
        has reviewed or edited them.

    Raises
    ------
    ResultDroppedError
        The CT is no longer in the scene, or has been moved or replaced since it was given to the engine.
    """
    earlier = replaceable(ct, files.summary) if replace else []
    steps = ImportSteps(files, ct, input)
    for _step in steps:
        pass
    assert steps.result is not None
    allSteps(replaceSteps(earlier, steps.result))
    return steps.result
