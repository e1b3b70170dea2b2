"""A segmentation that does what the test tells it to, in place of the engine process: for tests of the panel alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def import_result(folder: Path, ct: Any) -> Any:
    """Make all nodes of a result folder, as a run does at its end; return the `HemorrhageResult`."""
    from HemorrhageUncertaintyLib.ct_input import prepare
    from HemorrhageUncertaintyLib.result_scene import ResultScene
    from HemorrhageUncertaintyLib.step_runner import allSteps

    scene = ResultScene()
    result = allSteps(scene.importSteps(folder, ct, prepare(ct)))
    allSteps(scene.replaceSteps(result))
    return result


class ScriptedRun:
    """One run; the test calls `progress`, `preview`, `finish` and `fail`.

    Attributes
    ----------
    options : dict
        What the panel asked for.
    """

    def __init__(self, ct: Any, options: dict[str, Any], callbacks: dict[str, Any]) -> None:
        from HemorrhageUncertaintyLib.run import RunState

        self.ct, self.options, self._callbacks = ct, options, callbacks
        self.state = RunState.RUNNING
        self.previews: list[Any] = []

    def cancel(self) -> None:
        """What the panel calls when Cancel is pressed."""
        from HemorrhageUncertaintyLib.run import RunState

        self.state = RunState.CANCELLED
        self._removePreviews()
        self._callbacks["onOver"](self.state)

    def progress(self, stage: str, done: int = 0, total: int = 0, remaining_s: float | None = None, message: str = "") -> None:
        """Tell the panel where the run is."""
        from HemorrhageUncertaintyLib.requests import ProgressEvent

        self._callbacks["onProgress"](ProgressEvent(stage, done, total, remaining_s, message))

    def preview(self, preview: Any) -> None:
        """Show what the samples say so far."""
        self.previews.append(preview)
        self._callbacks["onPreview"](preview)

    def finish(self, folder: Path) -> Any:
        """Import a result folder of the phantom and tell the panel."""
        from HemorrhageUncertaintyLib.run import RunState

        self._removePreviews()
        result = import_result(folder, self.ct)
        self.state = RunState.DONE
        self._callbacks["onDone"](result)
        return result

    def fail(self, sentence: str, *, dropped: bool = False) -> None:
        """End with an error."""
        from HemorrhageUncertaintyLib.requests import ErrorEvent, ErrorKind
        from HemorrhageUncertaintyLib.run import RunState

        self._removePreviews()
        self.state = RunState.DROPPED if dropped else RunState.FAILED
        self._callbacks["onError"](ErrorEvent(ErrorKind.INPUT, sentence))

    def _removePreviews(self) -> None:
        while self.previews:
            self.previews.pop().remove()
