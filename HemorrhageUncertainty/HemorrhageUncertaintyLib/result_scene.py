"""What a run does in the scene: the real one behind `run.SceneSide`."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any

from .ct_input import CTInput, VerdictLevel, prepareSteps
from .distribution_plot import distributionPlotSteps
from .hemorrhage_result import HemorrhageResult
from .replacement import replaceable, replaceSteps
from .result_files import ResultFiles
from .result_nodes import ImportSteps, PreviewNodes, previewSteps
from .review import Review
from .run import UnusableCTError
from .tables import tableSteps


class ResultScene:
    """Makes the nodes of results in Slicer's scene.

    Parameters
    ----------
    replace : bool
        Whether a new result takes the place of an earlier one of the same CT by the same model and method, unless a reader has
        reviewed or edited that.
    """

    def __init__(self, replace: bool = True) -> None:
        self._replace = replace

    def prepareSteps(self, ctNode: Any) -> Generator[None, None, CTInput]:
        """Return what the engine gets of a CT node.

        Raises
        ------
        UnusableCTError
            The CT cannot be segmented; the message says why.
        """
        ctInput = yield from prepareSteps(ctNode)
        if ctInput.verdict.level is VerdictLevel.UNUSABLE:
            raise UnusableCTError(ctInput.verdict.line)
        return ctInput

    def importSteps(self, folder: Path, ctNode: Any, ctInput: CTInput) -> Generator[None, None, HemorrhageResult]:
        """Make the nodes of a result, about one each step, and return it; closing this takes them away again."""
        files = ResultFiles.read(folder)
        steps = ImportSteps(files, ctNode, ctInput)
        result = None
        try:
            for _step in steps:
                yield
            result = steps.result
            yield from tableSteps(result)
            yield from distributionPlotSteps(result)
            yield from Review(result).startSteps()
            finished, result = result, None
        finally:
            steps.close()
            if result is not None:
                result.remove()
        return finished

    def replaceSteps(self, result: HemorrhageResult) -> Generator[None, None, None]:
        """Let a complete result take the place of what it repeats; closing this does the rest at once."""
        if self._replace:
            earlier = replaceable(result.ct, result.summary)
            yield from replaceSteps([each for each in earlier if each != result], result)

    def previewSteps(
        self, folder: Path, ctNode: Any, ctInput: CTInput, previous: PreviewNodes | None
    ) -> Generator[None, None, PreviewNodes]:
        """Show an intermediate result in place of the previous one, and return its nodes."""
        return previewSteps(folder, ctNode, ctInput, previous)
