"""The module's functions for scripts and for the panel.

In Slicer's Python console::

    logic = slicer.util.getModuleLogic("HemorrhageUncertainty")
    ct = slicer.util.getNode("CT")                       # a loaded non-contrast head CT
    result = logic.segment(ct, samples=20)               # waits; Slicer stays usable

    for volume in result.summary["volumes"]:             # mL with the interval of the samples
        print(volume["name"], volume["volume_ml"], volume["low_ml"], volume["high_ml"])
    entropy = slicer.util.arrayFromVolume(result.map("entropy"))
    logic.saveReport(result, "report.html")
    logic.export(result, "results", imageFormat="nii.gz")

    run = logic.segmentAsync(ct, onDone=lambda result: print(result.name))  # returns at once
    run.cancel()

    for ct in slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode"):       # several, one after another
        logic.segment(ct)
    earlier, later = logic.results()[:2]
    logic.compare(earlier, later)                        # a table of what changed

    a, b = (logic.segment(ct, method=method) for method in ("tta", "deterministic"))
    opened = logic.showSideBySide(a, b, "entropy", difference=True)         # opened.close() ends it
    logic.compareMethods(a, b)                           # a table of volumes, their difference, and overlap
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import slicer
from slicer.i18n import tr as _
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleLogic

from .comparable import checkComparable
from .engine_command import engine_command
from .engine_log import EngineLog
from .engine_process import EngineProcess
from .export import export, saveReport
from .hemorrhage_result import HemorrhageResult
from .installation import Installation, InstallationDeclined, InstallationError
from .method_table import methodTableSteps
from .models import InstalledModel, listModels
from .parameter_node import HemorrhageUncertaintyParameterNode
from .patients import differentPatients
from .requests import (
    ErrorEvent,
    ErrorKind,
    Event,
    HelloEvent,
    HelloRequest,
    ImportedEvent,
    ImportModelRequest,
    ProgressEvent,
    SegmentOptions,
)
from .result_scene import ResultScene
from .run import Run, RunCallbacks, RunState, SceneSide
from .run_folder import remove_stale
from .run_times import rememberRunTime
from .side_by_side import SideBySide
from .step_runner import allSteps

_WAIT_S = 0.01


class SegmentationError(RuntimeError):
    """A segmentation did not give a result; the message says why and what to do.

    Attributes
    ----------
    event : ErrorEvent or None
        What went wrong; None if it was canceled.
    """

    def __init__(self, sentence: str, event: ErrorEvent | None = None) -> None:
        super().__init__(sentence)
        self.event = event


class SegmentationDeclined(SegmentationError):
    """The user did not want the packages to be installed that the engine needs."""


class HemorrhageUncertaintyLogic(ScriptedLoadableModuleLogic):
    """Segments CTs in the engine process, one at a time, and keeps that process alive for the next.

    Parameters
    ----------
    engine : EngineProcess, optional
        By default one that is started with Slicer's Python when it is first needed.
    installation : Installation, optional
    makeScene : callable, optional
        ``makeScene(replace)`` returns what makes the nodes.
    """

    def __init__(
        self,
        engine: EngineProcess | None = None,
        installation: Installation | None = None,
        makeScene: Callable[[bool], SceneSide] = ResultScene,
    ) -> None:
        ScriptedLoadableModuleLogic.__init__(self)
        self._temporary = Path(slicer.app.temporaryPath)
        self.engine = engine or EngineProcess(engine_command, EngineLog(self._temporary / "HemorrhageUncertainty-engine.log"))
        self._installation = installation or Installation()
        self._makeScene = makeScene
        self._run: Run | None = None
        slicer.app.connect("aboutToQuit()", self.shutDown)
        remove_stale(self._temporary)

    def getParameterNode(self) -> HemorrhageUncertaintyParameterNode:
        """Return the choices of the panel, which are kept in the scene."""
        return HemorrhageUncertaintyParameterNode(super().getParameterNode())

    @property
    def run(self) -> Run | None:
        """The segmentation under way, or None."""
        return self._run if self._run is not None and not self._run.state.isOver else None

    @property
    def logPath(self) -> Path:
        """File with everything that the engine wrote, to be opened when something went wrong."""
        return self.engine.log.path

    def segment(
        self,
        ctNode: Any,
        samples: int = 20,
        transforms: int = 5,
        seed: int = 0,
        model: str = "default",
        method: str | None = None,
        device: str = "auto",
        keepSamples: bool = False,
        preset: str | None = None,
        *,
        replace: bool = True,
    ) -> HemorrhageResult:
        """Segment a CT and return the nodes; waits, while Slicer goes on drawing and answering.

        Parameters
        ----------
        ctNode : vtkMRMLScalarVolumeNode
            Non-contrast head CT in Hounsfield units, under any parent transform.
        samples : int
            Number of plausible segmentations.
        transforms : int
            Number of random transforms that make one sample.
        seed : int
            Start of the random numbers: the same seed gives the same result.
        model : str
            ``default``, the name of an installed model (`models`), or a model folder.
        method : str, optional
            One of the model's (see `models`), e.g. ``tta`` or ``deterministic``; by default its own.
        device : str
            ``auto``, ``cpu``, ``cuda`` or ``cuda:n``.
        keepSamples : bool
            Also make a sequence of all samples, to browse them.
        preset : str, optional
            Ranges of the random transforms: ``paper`` or ``anisotropic``; by default chosen by the spacing.
        replace : bool
            Whether an earlier result of the same CT by the same model and method is removed; those of others stay beside it,
            and so does one that a reader has reviewed or edited.

        Returns
        -------
        HemorrhageResult

        Raises
        ------
        SegmentationError
            It failed or was canceled; nothing in the scene was changed.
        """
        run = self.segmentAsync(
            ctNode, samples, transforms, seed, model, method, device, keepSamples, preset, preview=False, replace=replace
        )
        try:
            while not run.state.isOver:
                slicer.app.processEvents()
                time.sleep(_WAIT_S)
        except BaseException:  # also an interrupt from the keyboard
            run.cancel()
            run.finish()
            raise
        run.removeFolder()  # a script may end here, and with it the event loop that would do it
        if run.state is not RunState.DONE:
            sentence = run.error.sentence if run.error is not None else _("The segmentation was canceled.")
            raise SegmentationError(sentence, run.error)
        return run.result

    def segmentAsync(
        self,
        ctNode: Any,
        samples: int = 20,
        transforms: int = 5,
        seed: int = 0,
        model: str = "default",
        method: str | None = None,
        device: str = "auto",
        keepSamples: bool = False,
        preset: str | None = None,
        onProgress: Callable[[ProgressEvent], None] | None = None,
        onPreview: Callable[[Any], None] | None = None,
        onDone: Callable[[HemorrhageResult], None] | None = None,
        onError: Callable[[ErrorEvent], None] | None = None,
        onOver: Callable[[RunState], None] | None = None,
        *,
        preview: bool = True,
        replace: bool = True,
    ) -> Run:
        """Start to segment a CT and return at once; see `segment` for what is not described here.

        If packages of the engine are missing, the user is asked first whether they may be installed.

        Parameters
        ----------
        onProgress, onPreview, onDone, onError, onOver : callable, optional
            See `run.RunCallbacks`.
        preview : bool
            Whether intermediate results are shown.

        Returns
        -------
        Run
            Offers ``cancel()``, ``state``, ``error`` and ``result``.

        Raises
        ------
        SegmentationError
            No CT was given, another segmentation is under way, or packages are missing and were not installed.
        """
        if ctNode is None or ctNode.GetID() is None:
            raise SegmentationError(_("There is no CT to segment: load one and select it."))
        if self.run is not None:
            raise SegmentationError(_("Another segmentation is under way: wait for it or cancel it first."))
        self.install()
        if self.run is not None or slicer.mrmlScene.GetNodeByID(ctNode.GetID() or "") is not ctNode:
            raise SegmentationError(_("The scene changed while packages were installed: select the CT and press Segment again."))
        options = SegmentOptions(model, method, samples, transforms, seed, device, preset, keepSamples, preview)

        def done(result: HemorrhageResult) -> None:
            rememberRunTime(result.summary)
            if onDone is not None:
                onDone(result)

        callbacks = RunCallbacks(onProgress, onPreview, done, onError, onOver)
        if self._run is not None:
            self._run.removeFolder()  # from here on nobody would know of it
        self._run = Run(self.engine, self._makeScene(replace), ctNode, options, self._temporary, callbacks)
        self._run.start()
        return self._run

    def install(self, wheels: str | Path | None = None) -> None:
        """Install the packages that the engine needs, after asking; does nothing if they are there, or while Slicer is tested.

        Parameters
        ----------
        wheels : path, optional
            Folder of wheels, for computers without a network.

        Raises
        ------
        SegmentationDeclined
            The user said no.
        SegmentationError
            They are missing and could not be installed.
        """
        if slicer.app.testingEnabled() and wheels is None:
            return
        try:
            self._installation.ensure(Path(wheels) if wheels is not None else None)
        except InstallationDeclined as declined:
            raise SegmentationDeclined(str(declined)) from declined
        except InstallationError as error:
            raise SegmentationError(str(error), ErrorEvent(ErrorKind.MISSING, str(error), error.detail)) from error

    def models(self) -> list[InstalledModel]:
        """Return the models that can be used, the default one first."""
        return listModels()

    def importModel(
        self,
        path: str | Path,
        onDone: Callable[[str], None] | None = None,
        onError: Callable[[ErrorEvent], None] | None = None,
    ) -> None:
        """Check a model (folder or zip file) and copy it to the user's models; returns at once.

        Parameters
        ----------
        path : path
        onDone : callable, optional
            Gets the name under which the model can be used.
        onError : callable, optional
            Gets an `ErrorEvent`; by default the user is told.
        """

        def heard(event: Event) -> None:
            if isinstance(event, ImportedEvent) and onDone is not None:
                onDone(event.name)
            elif isinstance(event, ErrorEvent):
                (onError or _showError)(event)

        self.install()
        self.engine.request(ImportModelRequest(Path(path)), heard)

    def askEngine(self, onHello: Callable[[HelloEvent], None]) -> None:
        """Ask the engine for its versions and devices; nothing happens if it cannot answer."""

        def heard(event: Event) -> None:
            if isinstance(event, HelloEvent):
                onHello(event)
            elif isinstance(event, ErrorEvent):
                logging.warning("HemorrhageUncertainty: %s", event.sentence)

        self.engine.request(HelloRequest(), heard)

    def results(self) -> list[HemorrhageResult]:
        """Return all results in the scene, in the order in which they came; also those of a loaded scene."""
        return HemorrhageResult.all()

    def compare(self, resultA: HemorrhageResult, resultB: HemorrhageResult, **thresholds: float) -> Any:
        """Compare an earlier with a later result; see `comparison.compare`. The log warns of different patients."""
        from .comparison import compare

        warning = differentPatients(resultA.ct, resultB.ct)
        if warning:
            logging.warning("HemorrhageUncertainty: %s", warning)
        return compare(resultA, resultB, **thresholds)

    def showSideBySide(
        self, resultA: HemorrhageResult, resultB: HemorrhageResult, map: str | None = None, difference: bool = False
    ) -> SideBySide:
        """Show two results of one CT in linked views, A on the left; ``close()`` of what is returned ends it.

        Parameters
        ----------
        resultA, resultB : HemorrhageResult
            By two methods, or by two models.
        map : str, optional
            One of `heat_map.MAP_NAMES` or ``probabilities.EDH`` ...; by default the one chosen for A.
        difference : bool
            Show the difference of the maps, B - A, on both sides.
        """
        opened = SideBySide.open(resultA, resultB, map, difference=difference)
        node = self.getParameterNode()
        with slicer.util.NodeModify(node):
            node.first, node.second = resultA.record, resultB.record
            node.comparedMap, node.showDifference, node.comparedOpacity = opened.name, difference, opened.opacity
            node.sideBySide = True
        return opened

    def compareMethods(self, resultA: HemorrhageResult, resultB: HemorrhageResult) -> Any:
        """Return a table of two results of one CT: volumes, difference, overlap; see `method_table.methodTableSteps`."""
        checkComparable(resultA, resultB)
        return allSteps(methodTableSteps(resultA, resultB))

    def saveReport(self, result: HemorrhageResult, path: str | Path) -> Path:
        """Write the report as one HTML file; see `export.saveReport`."""
        return saveReport(result, path)

    def export(self, result: HemorrhageResult, folder: str | Path, imageFormat: str = "nrrd") -> list[Path]:
        """Write tables, label map and maps into a folder; see `export.export`."""
        return export(result, folder, imageFormat)

    def shutDown(self) -> None:
        """Stop everything and leave nothing behind: no process, no temporary folder. A later segmentation starts anew."""
        if self._run is not None:
            self._run.cancel()
            self._run.finish()
        self.engine.kill(wait=True)
        if self._run is not None:
            self._run.removeFolder()
            self._run = None

    def close(self) -> None:
        """Do `shutDown` for good: the application need not do it when it quits."""
        slicer.app.disconnect("aboutToQuit()", self.shutDown)
        self.shutDown()


def _showError(event: ErrorEvent) -> None:
    slicer.util.errorDisplay(event.sentence, windowTitle=_("Hemorrhage Uncertainty"), detailedText=event.detail)
