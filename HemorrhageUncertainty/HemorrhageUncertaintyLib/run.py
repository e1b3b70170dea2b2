"""One segmentation, from the CT node to the nodes of the result, without ever stopping the application's event loop."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Protocol

from slicer.i18n import tr as _

from hemorrhage.errors import HemorrhageError

from .engine_process import EngineProcess
from .requests import (
    CancelledEvent,
    ErrorEvent,
    ErrorKind,
    Event,
    PreviewEvent,
    ProgressEvent,
    ResultEvent,
    SegmentOptions,
    SegmentRequest,
    SilenceEvent,
    VolumeFile,
)
from .run_folder import RunFolder, removeSteps, result_bytes
from .scene_guard import SceneGuard
from .step_runner import StepRunner, allSteps

#: Most classes that a model of hemorrhage has; only to estimate the disk that a result takes.
_CLASSES = 6
_REMOVAL_RETRY_MS = 250
_REMOVAL_RETRIES = 40


class RunState(Enum):
    """Where a run is; those from `DONE` on are final."""

    IDLE = "idle"
    STARTING = "handing the CT over"
    RUNNING = "running"
    IMPORTING = "importing the result"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"
    DROPPED = "dropped"

    @property
    def isOver(self) -> bool:
        """Whether nothing more will happen."""
        return self in (RunState.DONE, RunState.CANCELLED, RunState.FAILED, RunState.DROPPED)


class UnusableCTError(HemorrhageError):
    """The CT cannot be segmented."""


class SceneSide(Protocol):
    """What a run needs of the scene; `result_scene.ResultScene` is the real one."""

    def prepareSteps(self, ctNode: Any) -> Generator[None, None, Any]:
        """Return the `CTInput` of a node, or raise a `HemorrhageError`."""

    def importSteps(self, folder: Path, ctNode: Any, ctInput: Any) -> Generator[None, None, Any]:
        """Make the nodes of a result step by step and return the `HemorrhageResult`; closing it takes them away again."""

    def replaceSteps(self, result: Any) -> Generator[None, None, None]:
        """Let a complete result take the place of what it repeats, step by step; closing it does the rest at once."""

    def previewSteps(self, folder: Path, ctNode: Any, ctInput: Any, previous: Any) -> Generator[None, None, Any]:
        """Show an intermediate result in place of the previous one, and return its `PreviewNodes`; closing it changes nothing."""


@dataclass
class RunCallbacks:
    """Who wants to know; each may be None.

    Attributes
    ----------
    onProgress : callable
        Gets `ProgressEvent`.
    onPreview : callable
        Gets `PreviewNodes`.
    onDone : callable
        Gets the `HemorrhageResult`.
    onError : callable
        Gets an `ErrorEvent` when the run failed, or when its result was dropped because its CT is gone.
    onOver : callable
        Gets the final `RunState`, after everything else; also after a cancel, which is no error.
    """

    onProgress: Callable[[ProgressEvent], None] | None = None
    onPreview: Callable[[Any], None] | None = None
    onDone: Callable[[Any], None] | None = None
    onError: Callable[[ErrorEvent], None] | None = None
    onOver: Callable[[RunState], None] | None = None


class Run:
    """A segmentation under way.

    It holds no node: the CT is looked up by ID whenever it is needed. If the CT or the whole scene goes away, the engine is
    stopped and the result dropped. The temporary folder is removed in all cases.

    Parameters
    ----------
    engine : EngineProcess
    scene : SceneSide
    ctNode : vtkMRMLScalarVolumeNode
    options : SegmentOptions
    temporaryFolder : Path
        Where the folder of the run is made.
    callbacks : RunCallbacks
    """

    def __init__(
        self,
        engine: EngineProcess,
        scene: SceneSide,
        ctNode: Any,
        options: SegmentOptions,
        temporaryFolder: Path,
        callbacks: RunCallbacks | None = None,
    ) -> None:
        self.state = RunState.IDLE
        #: Why it failed or was dropped.
        self.error: ErrorEvent | None = None
        #: The `HemorrhageResult`, from when it is complete.
        self.result: Any = None
        self.options = options
        self._engine = engine
        self._scene = scene
        self._temporaryFolder = temporaryFolder
        self._callbacks = callbacks or RunCallbacks()
        self._guard = SceneGuard(ctNode, self._ctGone)
        self._folder: RunFolder | None = None
        self._input: Any = None
        self._preview: Any = None
        self._previewing: StepRunner | None = None
        self._nextPreview: PreviewEvent | None = None
        self._steps: StepRunner | None = None
        self._progress = ProgressEvent(_("preparing"), 0, 0)

    def start(self) -> None:
        """Begin; everything from here on is told by the callbacks, also errors."""
        self.state = RunState.STARTING
        self._report(self._progress)
        self._do(self._handOver(), self._ask)

    def cancel(self) -> None:
        """Stop at once: the engine's processes end and the scene is as it was before. Too late once the result is complete."""
        if not self.state.isOver and self.result is None:
            self._stopEngine()
            self._end(RunState.CANCELLED)

    def finish(self) -> None:
        """Do at once what is left to do after the result is complete; nothing happens before that."""
        if self.result is not None and self._steps is not None:
            self._steps.finish()

    def drop(self, sentence: str, *, sceneCloses: bool = False) -> None:
        """Stop because nobody can use the result any more; `sentence` says why. Too late once the result is complete.

        Parameters
        ----------
        sceneCloses : bool
            The scene is being emptied, so that no node may be touched; it is never too late for that.
        """
        if self.state.isOver or (self.result is not None and not sceneCloses):
            return
        self._stopEngine()
        self.result = None
        if sceneCloses:
            self._preview = None
        self.error = ErrorEvent(ErrorKind.INPUT, sentence)
        self._end(RunState.DROPPED)

    def removeFolder(self) -> None:
        """Remove the temporary folder now; a run that is over does so by itself, with some delay."""
        if self._folder is not None:
            self._folder.remove()

    def _handOver(self) -> Generator[Any, None, VolumeFile]:
        self._folder = RunFolder(self._temporaryFolder)
        yield
        self._input = yield from self._scene.prepareSteps(self._guard.node)
        values = yield from self._input.arraySteps()
        kept = self.options.samples if self.options.keep_samples else 0
        needed = result_bytes(values.shape, _CLASSES, kept)
        writing = self._folder.write_volume(values, self._input.affine, self._input.name, result_bytes=needed)
        return (yield from writing)

    def _ask(self, volume: VolumeFile) -> None:
        self.state = RunState.RUNNING
        folder = self._folder.result
        self._engine.request(SegmentRequest(volume, folder, self.options), self._heard)

    def _heard(self, event: Event) -> None:
        if self.state is not RunState.RUNNING:
            return
        if isinstance(event, ProgressEvent):
            self._progress = event
            self._report(event)
        elif isinstance(event, SilenceEvent):
            sentence = _("Nothing was heard from the engine for {seconds:.0f} s: wait, or press Cancel.")
            message = sentence.format(seconds=event.seconds)
            self._report(ProgressEvent(self._progress.stage, self._progress.done, self._progress.total, None, message))
        elif isinstance(event, PreviewEvent):
            self._showPreview(event)
        elif isinstance(event, ResultEvent):
            self._import(event.folder)
        elif isinstance(event, ErrorEvent):
            self._fail(event)
        elif isinstance(event, CancelledEvent):
            self._end(RunState.CANCELLED)

    def _showPreview(self, event: PreviewEvent) -> None:
        if self._previewing is not None:  # the engine draws faster than we show: the newest is enough
            self._nextPreview = event
            return
        self._previewing = StepRunner(self._previewSteps(event.folder), self._previewShown, self._previewFailed)
        self._previewing.start()

    def _previewSteps(self, folder: Path) -> Generator[None, None, None]:
        self._preview = yield from self._scene.previewSteps(folder, self._guard.node, self._input, self._preview)
        self._tell(self._callbacks.onPreview, self._preview)
        yield from removeSteps(folder)

    def _previewShown(self, _nothing: None = None) -> None:
        self._previewing = None
        event, self._nextPreview = self._nextPreview, None
        if event is not None:
            self._showPreview(event)

    def _previewFailed(self, error: Exception) -> None:
        """A preview is a courtesy: the result comes without it."""
        logging.error("HemorrhageUncertainty: a preview could not be shown", exc_info=error)
        self._previewShown()

    def _stopPreviewing(self) -> None:
        runner, self._previewing, self._nextPreview = self._previewing, None, None
        if runner is not None:
            runner.stop()

    def _import(self, folder: Path) -> None:
        ctNode = self._guard.node
        if not self._input.describes(ctNode):
            self.drop(
                _("The CT was moved or changed while it was being segmented, and the result does not fit: segment it again.")
            )
            return
        self.state = RunState.IMPORTING
        self._stopPreviewing()
        self._folder.remove_volume()
        self._report(ProgressEvent(_("importing"), 0, 0))
        self._do(self._importSteps(folder, ctNode), lambda _nothing: self._end(RunState.DONE))

    def _importSteps(self, folder: Path, ctNode: Any) -> Generator[None, None, None]:
        result = yield from self._scene.importSteps(folder, ctNode, self._input)
        if self.state.isOver:  # whoever listens to the scene stopped us in the very last step
            result.remove()
            return
        self.result = result
        yield
        yield from self._removePreviewSteps()
        yield from self._scene.replaceSteps(result)

    def _do(self, steps: Generator[Any, None, Any], onDone: Callable[[Any], None]) -> None:
        self._steps = StepRunner(steps, onDone, self._broke)
        self._steps.start()

    def _broke(self, error: Exception) -> None:
        if self.result is not None:
            logging.error("HemorrhageUncertainty: an earlier result could not be removed", exc_info=error)
            self._end(RunState.DONE)
            return
        if isinstance(error, HemorrhageError):
            self._fail(ErrorEvent(ErrorKind.INPUT, _asSentence(str(error))))
            return
        logging.error("HemorrhageUncertainty: the segmentation failed", exc_info=error)
        sentence = _(
            "The segmentation failed ({reason}) and nothing was changed: see the application's log, and report the problem."
        )
        self._fail(ErrorEvent(ErrorKind.INTERNAL, sentence.format(reason=error)))

    def _fail(self, error: ErrorEvent) -> None:
        self.error = error
        self._end(RunState.FAILED)

    def _ctGone(self, sceneCloses: bool) -> None:
        if sceneCloses:
            sentence = _("The scene was closed, so the segmentation was stopped: load the CT and start again.")
        else:
            sentence = _("The CT was deleted, so its segmentation was stopped: load the CT and start again.")
        self.drop(sentence, sceneCloses=sceneCloses)

    def _stopEngine(self) -> None:
        self._stopPreviewing()
        if self._steps is not None:
            self._steps.stop()
        if self.state is RunState.RUNNING:
            self.state = RunState.IDLE  # what the engine still has to say is not for us
            self._engine.kill(wait=False)

    def _end(self, state: RunState) -> None:
        """Leave nothing behind, then tell."""
        self.state = state
        self._guard.release()
        self._stopPreviewing()
        self._steps = self._input = None
        self._removePreview()
        self._removeFolder(_REMOVAL_RETRIES)
        if state is RunState.DONE:
            self._tell(self._callbacks.onDone, self.result)
        elif self.error is not None:
            self._tell(self._callbacks.onError, self.error)
        self._tell(self._callbacks.onOver, state)

    def _removeFolder(self, retries: int) -> None:
        """Remove the temporary folder bit by bit; where the dying engine still holds a file open, try again a little later."""

        def tried(isGone: bool) -> None:
            if not isGone and retries:
                import qt

                qt.QTimer.singleShot(_REMOVAL_RETRY_MS, lambda: self._removeFolder(retries - 1))

        if self._folder is not None:
            StepRunner(removeSteps(self._folder.path), tried, lambda error: tried(False)).start()

    def _removePreview(self) -> None:
        allSteps(self._removePreviewSteps())

    def _removePreviewSteps(self) -> Generator[None, None, None]:
        preview, self._preview = self._preview, None
        if preview is None:
            return
        try:
            yield from preview.removeSteps()
        except Exception:
            logging.exception("HemorrhageUncertainty: a preview could not be removed")

    def _report(self, event: ProgressEvent) -> None:
        self._tell(self._callbacks.onProgress, event)

    def _tell(self, callback: Callable[[Any], None] | None, value: Any) -> None:
        if callback is None:
            return
        try:
            callback(value)
        except Exception:  # a listener's fault must not leave the run half done
            logging.exception("HemorrhageUncertainty: a listener of the segmentation failed")


def _asSentence(text: str) -> str:
    """Return an engine's message as a sentence."""
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")
