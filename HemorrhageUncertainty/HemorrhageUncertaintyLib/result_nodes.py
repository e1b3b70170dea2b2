"""From the files of a result to nodes in the scene."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import slicer
from numpy.typing import NDArray
from slicer.i18n import tr as _

from .ct_input import CTInput
from .ct_presence import ResultDroppedError, checkStillThere
from .hemorrhage_result import HemorrhageResult
from .hierarchy import createFolder, putInFolder
from .label_segments import fillSegmentation
from .map_volume import addMapVolume
from .preview_nodes import PreviewNodes, importPreview
from .result_files import ResultFiles
from .samples import addLabelColors, addSamples, sampleSequence, shownSample

__all__ = [
    "HemorrhageResult",
    "ImportSteps",
    "PreviewNodes",
    "ResultDroppedError",
    "importPreview",
    "importResult",
]


class ImportSteps:
    """Makes the nodes of a result one after another, so that the application can draw in between.

    Iterate over it; `result` is there when the iteration has ended. The CT is checked again at every step. If a step fails or the
    iteration is given up (`close`), what was made so far is removed and an earlier result stays.

    Parameters
    ----------
    files : ResultFiles
    ct : vtkMRMLScalarVolumeNode
    input : CTInput
        What the engine was given.
    replace : bool
        Whether earlier results of this CT are removed once this one is complete.
    """

    def __init__(self, files: ResultFiles, ct: Any, input: CTInput, *, replace: bool = True) -> None:
        self.result: HemorrhageResult | None = None
        self._files, self._ct, self._input, self._replace = files, ct, input, replace
        self._partial: HemorrhageResult | None = None
        self._steps = self._run()

    def __iter__(self) -> Iterator[str]:
        return self._steps

    def __len__(self) -> int:
        """Return the number of steps, for a progress bar."""
        samples = 0 if self._files.samples is None else len(self._files.samples) + 1
        return len(self._files.classes) - 1 + 5 + samples

    def close(self) -> None:
        """Give up; does nothing where the import has ended."""
        self._steps.close()

    def _run(self) -> Iterator[str]:
        try:
            earlier = HemorrhageResult.ofCT(self._ct) if self._replace else []
            for role in self._make():
                yield role
                checkStillThere(self._ct, self._input)
            for result in earlier:
                result.remove()
            self.result, self._partial = self._partial, None
        finally:
            if self._partial is not None:
                self._partial.remove()

    def _make(self) -> Iterator[str]:
        files, ct = self._files, self._ct
        checkStillThere(ct, self._input)
        name = ct.GetName() or _("CT")
        result = self._partial = HemorrhageResult.create(ct, files.summary, _("{ct} hemorrhage").format(ct=name))
        segmentation = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", _("{ct} hemorrhage").format(ct=name))
        result.setNode("segmentation", segmentation)
        folder = createFolder(ct, _("{ct} hemorrhage").format(ct=name))
        putInFolder(folder, [segmentation])
        segmentation.CreateDefaultDisplayNodes()
        fillSegmentation(segmentation, self._input.toNodeGrid(files.labels, "labels"), files.classes, ct)
        yield "segmentation"
        for role, title, values in self._maps():
            node = addMapVolume(self._input.toNodeGrid(values, "map"), ct, f"{name} {title}")
            result.setNode(role, node)
            putInFolder(folder, [node])
            yield role
        if files.report:
            report = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTextNode", _("{ct} report").format(ct=name))
            report.SetText(files.report)
            result.setNode("report", report)
            putInFolder(folder, [report])
        yield "report"
        if files.samples is not None:
            yield from self._add_samples(result, folder, name)

    def _maps(self) -> Iterator[tuple[str, str, NDArray[np.float32]]]:
        files = self._files
        yield "entropy", _("entropy"), files.entropy
        yield "variance", _("variance"), files.variance
        yield "mutualInformation", _("mutual information"), files.mutual_information
        for label, className in enumerate(files.classes[1:], start=1):
            yield f"probabilities.{className}", _("probability of {name}").format(name=className), files.probabilities[label]

    def _add_samples(self, result: HemorrhageResult, folder: int, name: str) -> Iterator[str]:
        colors = addLabelColors(_("{ct} hemorrhage colors").format(ct=name), self._files.classes)
        result.setNode("labelColors", colors)
        browser = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceBrowserNode", _("{ct} sample browser").format(ct=name))
        result.setNode("samples", browser)
        samples = _OnNodeGrid(self._files.samples, self._input)
        for _step in addSamples(browser, samples, colors, self._ct, _("{ct} sample").format(ct=name)):
            yield "samples"
        putInFolder(folder, [browser, sampleSequence(browser), shownSample(browser)])


class _OnNodeGrid(Sequence):
    """Samples, each carried to the CT node's own voxels when it is asked for."""

    def __init__(self, samples: NDArray[np.uint8], input: CTInput) -> None:
        self._samples, self._input = samples, input

    def __len__(self) -> int:
        return len(self._samples)

    def __getitem__(self, index: Any) -> Any:
        return self._input.toNodeGrid(self._samples[index], "labels")


def importResult(files: ResultFiles, ct: Any, input: CTInput, *, replace: bool = True) -> HemorrhageResult:
    """Make all nodes of a result at once; see `ImportSteps`, which does it step by step.

    Raises
    ------
    ResultDroppedError
        The CT is no longer in the scene, or has been moved or replaced since it was given to the engine.
    """
    steps = ImportSteps(files, ct, input, replace=replace)
    for _role in steps:
        pass
    assert steps.result is not None
    return steps.result
