"""The one large button: segment, or cancel; progress, remaining time, and how it ended."""

from collections.abc import Callable

import slicer
from slicer.i18n import tr as _

from hemorrhage.progress import Stage

from ..logic import SegmentationDeclined, SegmentationError
from ..run import RunState


def stageLabel(stage: str) -> str:
    """Return what the progress line says about a stage of the engine."""
    labels = {
        Stage.READING: _("Reading the CT"),
        Stage.LOADING_MODEL: _("Loading the model"),
        Stage.PREPROCESSING: _("Preparing the CT"),
        Stage.SAMPLING: _("Drawing plausible segmentations"),
        Stage.SUMMARIZING: _("Measuring volumes and uncertainty"),
        Stage.WRITING: _("Writing the result"),
        Stage.REPORTING: _("Writing the report"),
    }
    return labels.get(stage, stage[:1].upper() + stage[1:])


def remainingLabel(seconds: float | None) -> str:
    """Return the remaining time in words, rounded as much as the estimate deserves; empty while there is none."""
    if seconds is None:
        return ""
    if seconds < 10:
        return _("a few seconds left")
    if seconds < 90:
        return _("about {seconds} s left").format(seconds=10 * round(seconds / 10))
    return _("about {minutes} min left").format(minutes=round(seconds / 60))


def doneLabel(summary) -> str:
    """Return how a segmentation ended, from the ``result.json`` of the engine."""
    total = summary["volumes"][-1]["volume_ml"]
    if total > 0:
        return _("Done: {volume:.1f} mL of hemorrhage were segmented.").format(volume=total)
    return _("Done: no hemorrhage was segmented. This does not rule it out: look at the heat map and the places to look at.")


class RunSection:
    """Starts one segmentation at a time and shows where it is.

    Parameters
    ----------
    ui : namespace of widgets
    start : callable(onProgress, onPreview, onDone, onError, onOver) returning a `run.Run`
        Starts the segmentation that the panel describes, or raises a `logic.SegmentationError`.
    onPreview, onDone : callable
        Called with what `start` passes on.
    onStopped : callable()
        Called after a run ended without a result, so that the views can be as before.
    """

    def __init__(self, ui, start: Callable, onPreview: Callable, onDone: Callable, onStopped: Callable):
        self._ui = ui
        self._start = start
        self._onPreview = onPreview
        self._onDone = onDone
        self._onStopped = onStopped
        self._run = None
        self._missing = ""
        ui.segmentButton.connect("clicked()", self.toggle)
        self._showIdle("")

    @property
    def isRunning(self) -> bool:
        """Whether a segmentation is under way."""
        return self._run is not None

    def setMissing(self, sentence: str) -> None:
        """Say what keeps the button from being pressed; empty if nothing does."""
        self._missing = sentence
        self._showButton()

    def toggle(self) -> None:
        """Start, or cancel what is running."""
        if self._run is not None:
            self.cancel()
            return
        self._ui.statusLabel.text = _("Starting the engine\u2026")
        self._ui.progressBar.setRange(0, 0)  # busy, until the number of samples is known
        self._ui.progressBar.setVisible(True)
        self._ui.statusLabel.setVisible(True)
        try:
            self._run = self._start(self._progressed, self._onPreview, self._done, self._failed, self._over)
        except SegmentationDeclined as declined:  # who said no needs no window that says so
            self._showIdle(str(declined))
        except SegmentationError as error:
            self._showIdle(str(error))
            _display(str(error), error.event.detail if error.event is not None else "")
        self._showButton()

    def cancel(self) -> None:
        """End what is running."""
        if self._run is not None:
            self._run.cancel()

    def _progressed(self, progress) -> None:
        sampling = progress.stage == Stage.SAMPLING and progress.total > 0
        bar = self._ui.progressBar
        bar.setRange(0, progress.total if sampling else 0)
        if sampling:
            bar.setValue(progress.done)
        counted = _(", sample {done} of {total}").format(done=progress.done, total=progress.total) if sampling else ""
        remaining = remainingLabel(progress.remaining_s)
        text = stageLabel(progress.stage) + counted + (f", {remaining}" if remaining else "") + "."
        self._ui.statusLabel.text = f"{text}\n{progress.message}" if progress.message else text

    def _done(self, result) -> None:
        self._run = None
        self._showIdle(doneLabel(result.summary))
        self._onDone(result)

    def _failed(self, error) -> None:
        dropped = self._run is not None and self._run.state is RunState.DROPPED
        self._run = None
        self._showIdle(error.sentence)
        self._onStopped()
        if not dropped:  # who closed the scene or deleted the CT knows why: the status line is enough
            _display(error.sentence, error.detail)

    def _over(self, state) -> None:
        """Notice a cancel, whoever asked for it: the button, a script, or the application that quits."""
        if state is RunState.CANCELLED:
            self._run = None
            self._showIdle(_("Canceled; the scene is as it was before."))
            self._onStopped()

    def _showIdle(self, sentence: str) -> None:
        self._ui.progressBar.setVisible(False)
        self._ui.statusLabel.text = sentence
        self._ui.statusLabel.setVisible(bool(sentence))
        self._showButton()

    def _showButton(self) -> None:
        button = self._ui.segmentButton
        if self._run is not None:
            button.text = _("Cancel")
            button.toolTip = _("End the segmentation; nothing of it is kept.")
            button.enabled = True
            return
        button.text = _("Segment")
        button.toolTip = self._missing or _("Find hemorrhage in the CT, by subtype, with its uncertainty.")
        button.enabled = not self._missing


def _display(sentence: str, detail: str) -> None:
    slicer.util.errorDisplay(sentence, windowTitle=_("Segmentation"), detailedText=detail)
