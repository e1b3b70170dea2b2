"""What is segmented and how: CT with its verdict, model, method, device."""

import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import qt
import slicer
from slicer.i18n import tr as _

from ..logic import SegmentationDeclined
from ..methods import MethodDetails, methodDetails
from ..run_times import durationLabel, expectedSeconds
from ..step_runner import StepRunner
from .string_choice import Choice, StringChoice

DEFAULT_MODEL = "default"
AUTOMATIC = "auto"


class ModelDescription(Protocol):
    """What the selector shows of one model.

    Attributes
    ----------
    name : str
        What a request names.
    title : str
        One line for people.
    folder : Path
        Where it lies; its name is what results call the model.
    methods : sequence of str
        Ways to draw samples; the first is the model's own.
    card : str
        Where it comes from and what it is for, for the tool tip.
    trained : str
        On what it was trained, in one sentence; may be empty.
    passes : mapping of method to int
        Forward passes of the network that one sample takes, as far as that is known without the engine.
    problem : str
        Why it cannot be used; empty if it looks right.
    """

    name: str
    title: str
    folder: Path
    methods: Sequence[str]
    card: str
    trained: str
    passes: Mapping[str, int]
    problem: str


class InputSection:
    """The upper part of the panel.

    Parameters
    ----------
    ui : namespace of widgets
    listModels : callable returning a list of ModelDescription
        The default model first.
    importModel : callable(path, onDone(name))
        Checks and copies a model; reports errors itself.
    assessSteps : callable(ctNode) returning a generator of steps, which returns a Verdict
    askEngine : callable(onHello)
        Asks the engine, which is started if need be; `onHello` gets what has ``devices`` and ``models``.
    onChecked : callable
        Called when the CT was checked and `missing` may have changed.
    """

    def __init__(
        self,
        ui,
        listModels: Callable,
        importModel: Callable,
        assessSteps: Callable,
        askEngine: Callable,
        onChecked: Callable[[], None],
    ):
        self._ui = ui
        self._listModels = listModels
        self._importModel = importModel
        self._assessSteps = assessSteps
        self._askEngine = askEngine
        self._onChecked = onChecked
        self._parameterNode = None
        self._models: Sequence[ModelDescription] = []
        self._checked = None
        self._checking = None
        self._verdict = None
        self._model = StringChoice(ui.modelComboBox, self._chooseModel)
        self._method = StringChoice(ui.methodComboBox, self._chooseMethod)
        self._device = StringChoice(ui.deviceComboBox, self._chooseDevice)
        self._devices: Sequence[str] = ()
        #: What the engine said of each model's methods, by the model's folder.
        self._told: dict[str, list] = {}
        ui.importModelButton.connect("clicked()", self._browseForModel)
        ui.advancedCollapsibleButton.connect("contentsCollapsed(bool)", self._findDevices)

    def setParameterNode(self, parameterNode) -> None:
        """Show the choices of a parameter node; None while a scene closes."""
        self._parameterNode = parameterNode
        if parameterNode is not None:
            self._showModels()
            self._showDevices()
        self.update()

    def update(self) -> None:
        """Follow the parameter node; check the CT if it is another one, or has changed, since the last look."""
        node = self._parameterNode
        if node is not None and (self._model.value, self._method.value) != (node.model, node.method):  # changed from a console
            self._showModels()
        self._showMethodInfo()
        ct = node.ct if node is not None else None
        state = (ct.GetID(), _dataTime(ct), ct.GetTransformNodeID()) if ct is not None else None
        if state == self._checked and ct is not None:
            return
        self._checked = state
        self._verdict = None
        if self._checking is not None:
            self._checking.stop()
            self._checking = None
        if ct is not None:
            self._checking = StepRunner(self._assessSteps(ct), self._showVerdict, self._couldNotCheck)
            self._checking.start()
        self._ui.verdictLabel.text = _("Checking the CT\u2026") if ct is not None else ""
        self._ui.verdictLabel.setVisible(ct is not None)

    def _showVerdict(self, verdict) -> None:
        self._checking = None
        self._verdict = verdict
        self._ui.verdictLabel.text = verdict.line
        self._onChecked()

    def _couldNotCheck(self, error: Exception) -> None:
        """Let the user try: the segmentation checks the CT again."""
        self._checking = None
        logging.error("HemorrhageUncertainty: the CT could not be checked", exc_info=error)
        self._ui.verdictLabel.text = _("The CT could not be checked: see the application's log, or segment it all the same.")

    @property
    def missing(self) -> str:
        """What keeps the CT from being segmented, as a sentence that says what to do; empty if nothing does.

        A CT that is still being checked may be segmented, since that begins with the same check.
        """
        if self._parameterNode is None or self._parameterNode.ct is None:
            return _("Select a CT to segment.")
        if self._verdict is not None and self._verdict.level.value == "unusable":
            return _("Select another CT: {reason}").format(reason=self._verdict.line)
        model = self._modelOf(self._parameterNode.model)
        if model is not None and model.problem:
            return _("Select another model: {reason}").format(reason=model.problem)
        return ""

    def _showModels(self) -> None:
        self._models = self._listModels()
        choices = [Choice(model.name, model.title, model.problem or model.card) for model in self._models]
        self._model.setChoices(choices, self._parameterNode.model)
        self._showMethods()

    def _showMethods(self) -> None:
        model = self._modelOf(self._parameterNode.model)
        known = (model.problem or model.trained) if model is not None else ""
        self._ui.modelInfoLabel.text = known
        self._ui.modelInfoLabel.setVisible(bool(known))
        methods = list(model.methods) if model is not None else []
        if self._parameterNode.method not in methods:
            self._parameterNode.method = methods[0] if methods else ""
        details = [self._details(method) for method in methods]
        choices = [Choice(each.name, each.title, each.explanation) for each in details]
        self._method.setChoices(choices, self._parameterNode.method)
        self._showMethodInfo()

    def _details(self, method: str) -> MethodDetails:
        model = self._modelOf(self._parameterNode.model)
        if model is None:
            return methodDetails(method)
        fromCard = [{"name": name, "passes_per_sample": passes} for name, passes in model.passes.items()]
        return methodDetails(method, self._told.get(str(model.folder)) or fromCard)

    def _showMethodInfo(self) -> None:
        """Say what the method does, and how long it will take, as far as that is known."""
        node = self._parameterNode
        details = self._details(node.method) if node is not None and node.method else None
        explanation = details.explanation if details is not None else ""
        expectation = self._expectation(details) if details is not None else ""
        for label, text in ((self._ui.methodInfoLabel, explanation), (self._ui.expectedTimeLabel, expectation)):
            label.text = text
            label.setVisible(bool(text))

    def _expectation(self, method: MethodDetails) -> str:
        node, model = self._parameterNode, self._modelOf(self._parameterNode.model)
        passes = method.passes(node.samples)
        what = _("one pass of the network") if passes == 1 else _("{count} passes of the network").format(count=passes)
        image = node.ct.GetImageData() if node.ct is not None else None
        voxels = image.GetNumberOfPoints() if image is not None else 0
        seconds = None
        if model is not None and voxels:
            seconds = expectedSeconds(model.folder.name, method.name, self._details, node.device, node.samples, voxels)
        if seconds is not None and passes is not None:
            return _("Expected time: {duration} ({passes}).").format(duration=durationLabel(seconds), passes=what)
        if seconds is not None:
            return _("Expected time: {duration}.").format(duration=durationLabel(seconds))
        return _("Expected time: about {passes}.").format(passes=what) if passes is not None else ""

    def _showDevices(self) -> None:
        choices = [Choice(AUTOMATIC, _("Automatic")), *(Choice(name, name) for name in self._devices)]
        self._device.setChoices(choices, self._parameterNode.device)

    def _findDevices(self, collapsed: bool) -> None:
        """Ask the engine once, when somebody looks: that starts it, which takes a moment."""
        if not collapsed and not self._devices:
            self._askEngine(self._offerDevices)

    def _offerDevices(self, hello) -> None:
        self._devices = tuple(hello.devices)
        self._told = {str(model.get("folder")): model.get("method_details") or [] for model in hello.models}
        if self._parameterNode is not None:
            self._showDevices()
            self._showMethods()

    def _modelOf(self, name: str) -> ModelDescription | None:
        return next((model for model in self._models if model.name == name), None)

    def _chooseModel(self, name: str) -> None:
        """Select a model with the method that it was made for, which comes first: another that it offers too may be slow."""
        if self._parameterNode is not None:
            self._parameterNode.model = name
            self._model.show(name)
            model = self._modelOf(name)
            if model is not None and model.methods:
                self._parameterNode.method = model.methods[0]
            self._showMethods()

    def _chooseMethod(self, name: str) -> None:
        if self._parameterNode is not None:
            self._parameterNode.method = name

    def _chooseDevice(self, name: str) -> None:
        if self._parameterNode is not None:
            self._parameterNode.device = name

    def _browseForModel(self) -> None:
        path = qt.QFileDialog.getOpenFileName(
            slicer.util.mainWindow(),
            _("Import a model"),
            "",
            _("Model (*.zip model.json plans.json)"),
        )
        if path:
            self.importModel(Path(path))

    def importModel(self, path: Path) -> None:
        """Import a model from a zip file or a folder, or from a folder of which one of the JSON files is named, and select it."""
        with slicer.util.tryWithErrorDisplay(_("The model cannot be imported."), waitCursor=True):
            try:
                self._importModel(path.parent if path.suffix == ".json" else path, self._selectImported)
            except SegmentationDeclined as declined:
                slicer.util.showStatusMessage(str(declined))

    def _selectImported(self, name: str) -> None:
        if self._parameterNode is not None:
            self._showModels()
            self._chooseModel(name)


def _dataTime(ct) -> int:
    return ct.GetImageData().GetMTime() if ct.GetImageData() is not None else 0
