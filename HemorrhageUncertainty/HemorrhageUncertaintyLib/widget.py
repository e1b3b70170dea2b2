"""The panel: joins its sections, the scene and the logic, and follows the module's life cycle."""

import qt
import slicer
import vtk
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleWidget
from slicer.util import VTKObservationMixin

from .ct_input import assessSteps
from .head_rendering import removeHead
from .hemorrhage_result import RECORD_MODULE, HemorrhageResult
from .layout import registerLayouts
from .logic import HemorrhageUncertaintyLogic
from .sections.comparison_section import ComparisonSection
from .sections.display_section import BLINK_KEY, DisplaySection
from .sections.input_section import InputSection
from .sections.reading_section import NEXT_KEY, PREVIOUS_KEY, ReadingSection
from .sections.run_section import RunSection
from .sections.samples_section import SamplesSection
from .sections.side_by_side_section import SideBySideSection
from .sections.take_away_section import TakeAwaySection


class HemorrhageUncertaintyWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """The module's panel.

    Attributes
    ----------
    logic : HemorrhageUncertaintyLogic
        What ``slicer.util.getModuleLogic("HemorrhageUncertainty")`` returns.
    """

    def __init__(self, parent=None):
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)
        self.logic = None
        self._parameterNode = None
        self._parameterNodeGuiTag = None
        self._result = None
        self.shortcuts = []

    def setup(self):
        """Called when the module is opened for the first time."""
        ScriptedLoadableModuleWidget.setup(self)
        panel = slicer.util.loadUI(self.resourcePath("UI/HemorrhageUncertainty.ui"))
        self.layout.addWidget(panel)
        self.ui = slicer.util.childWidgetVariables(panel)
        ui = self.ui
        for selector in (ui.resultSelector, ui.firstSelector, ui.secondSelector, ui.earlierSelector, ui.laterSelector):
            selector.addAttribute("vtkMRMLScriptedModuleNode", "ModuleName", RECORD_MODULE)
        panel.setMRMLScene(slicer.mrmlScene)

        self.logic = HemorrhageUncertaintyLogic()
        self.inputs = InputSection(
            self.ui, self.logic.models, self.logic.importModel, assessSteps, self.logic.askEngine, self._showMissing
        )
        self.run = RunSection(self.ui, self._segment, self._showPreview, self.showResult, self._showAsBefore)
        self.display = DisplaySection(self.ui)
        self.reading = ReadingSection(self.ui)
        self.samples = SamplesSection(self.ui)
        self.takeAway = TakeAwaySection(self.ui, self.logic)
        self.sideBySide = SideBySideSection(self.ui, self.display.setSuspended)
        self.comparison = ComparisonSection(self.ui, self.logic)
        self.ui.removeResultButton.connect("clicked()", self.removeResult)

        if slicer.app.layoutManager() is not None:
            registerLayouts(slicer.app.layoutManager().layoutLogic().GetLayoutNode())
        self._makeShortcuts()
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.StartCloseEvent, self._onSceneStartClose)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.EndCloseEvent, self._onSceneEndClose)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.EndImportEvent, self._onSceneEndImport)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.NodeAboutToBeRemovedEvent, self._onNodeAboutToBeRemoved)
        self.initializeParameterNode()

    def cleanup(self):
        """Called when the application closes or the module is reloaded."""
        self._setParameterNode(None)
        self.removeObservers()
        self.reading.release()
        self.sideBySide.release()
        self.run.cancel()
        self.logic.close()
        for shortcut in self.shortcuts:
            shortcut.setParent(None)
        self.shortcuts = []

    def enter(self):
        """Called each time the module is opened."""
        self.initializeParameterNode()
        self._enableShortcuts(True)

    def exit(self):
        """Called each time another module is opened; a segmentation that is under way goes on."""
        self._enableShortcuts(False)
        self._disconnectParameterNode()

    def initializeParameterNode(self):
        """Take the choices from the scene; select a CT and a result where nothing is selected yet, to save clicks."""
        self._setParameterNode(self.logic.getParameterNode())
        node = self._parameterNode
        if node.ct is None:
            volumes = [volume for volume in slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode") if _mayBeCT(volume)]
            shown = slicer.app.applicationLogic().GetSelectionNode().GetActiveVolumeID()
            node.ct = next((volume for volume in volumes if volume.GetID() == shown), volumes[0] if volumes else None)
        if node.result is None:
            results = HemorrhageResult.all()
            node.result = results[-1].record if results else None

    def showResult(self, result):
        """Show a new result."""
        self.sideBySide.leave()
        if self._parameterNode is not None:
            self._parameterNode.result = result.record
            self._update()
            self.sideBySide.offer(result)
        if (
            self._parameterNode is not None and self.parent.isEntered
        ):  # else the user works in another module, with views arranged for that
            self.display.arrangeViews()

    def removeResult(self):
        """Remove the result that is shown, and show another one of its CT if there is one."""
        result, ct = self._result, self._result.ct
        self.sideBySide.leave()
        self._parameterNode.result = None
        result.remove()
        others = HemorrhageResult.ofCT(ct)
        self._parameterNode.result = others[-1].record if others else None

    def _segment(self, onProgress, onPreview, onDone, onError, onOver):
        node = self._parameterNode
        return self.logic.segmentAsync(
            node.ct,
            samples=node.samples,
            transforms=node.transforms,
            seed=node.seed,
            model=node.model,
            method=node.method or None,
            device=node.device,
            keepSamples=node.keepSamples,
            preset=node.preset.value,
            onProgress=onProgress,
            onPreview=onPreview,
            onDone=onDone,
            onError=onError,
            onOver=onOver,
        )

    def _showPreview(self, preview):
        self.sideBySide.leave()
        self.display.showPreview(preview)

    def _showAsBefore(self):
        self.display.showAsBefore()

    def _setParameterNode(self, parameterNode):
        self._disconnectParameterNode()
        self._parameterNode = parameterNode
        for section in (self.inputs, self.display, self.samples, self.takeAway, self.sideBySide, self.comparison):
            section.setParameterNode(parameterNode)
        if parameterNode is not None:
            # Not connectGui, which in some versions of Slicer does not return the tag that disconnectGui needs.
            self._parameterNodeGuiTag = parameterNode.connectParametersToGui(self._boundWidgets())
            self.addObserver(parameterNode, vtk.vtkCommand.ModifiedEvent, self._onParameterNodeModified)
            self._update()
            self.sideBySide.restore()

    def _boundWidgets(self):
        """Return the controls that the .ui file binds to a parameter, by the parameter's name."""
        controls = ((widget.property("SlicerParameterName"), widget) for widget in vars(self.ui).values())
        return {name: widget for name, widget in controls if name}

    def _disconnectParameterNode(self):
        if self._parameterNodeGuiTag is not None:
            self._parameterNode.disconnectGui(self._parameterNodeGuiTag)
            self._parameterNodeGuiTag = None
            self.removeObserver(self._parameterNode, vtk.vtkCommand.ModifiedEvent, self._onParameterNodeModified)

    def _onParameterNodeModified(self, _caller=None, _event=None):
        self._update()

    def _update(self):
        self.inputs.update()
        self._showMissing()
        self.sideBySide.update()
        self.comparison.update()
        record = self._parameterNode.result
        if record is None and self._result is None:
            return
        if record is not None and self._result is not None and self._result.exists and record is self._result.record:
            self.display.update()
            self.samples.update()
            return
        self._setResult(HemorrhageResult.fromRecord(record) if record is not None else None)

    def _showMissing(self):
        self.run.setMissing(self.inputs.missing)

    def _setResult(self, result):
        before, self._result = self._result, result
        if before is not None:
            self.sideBySide.leave()
        self.ui.removeResultButton.enabled = result is not None
        for section in (self.display, self.reading, self.samples, self.takeAway):
            section.setResult(result)

    def _onSceneStartClose(self, _caller, _event):
        self.reading.release()
        self._setParameterNode(None)

    def _onSceneEndClose(self, _caller, _event):
        self._setResult(None)
        if self.parent.isEntered:
            self.initializeParameterNode()

    def _onSceneEndImport(self, _caller, _event):
        if self.parent.isEntered:
            self.initializeParameterNode()

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def _onNodeAboutToBeRemoved(self, scene, _event, node):
        """Remove what was made of a CT for its rendering together with the CT."""
        if not scene.IsClosing() and node.IsA("vtkMRMLScalarVolumeNode"):
            removeHead(node)

    def _makeShortcuts(self):
        parent = slicer.util.mainWindow() or self.parent
        for key, action in (
            (BLINK_KEY, self._blink),
            (NEXT_KEY, self.reading.next),
            (PREVIOUS_KEY, self.reading.previous),
        ):
            shortcut = qt.QShortcut(qt.QKeySequence(key), parent)
            shortcut.connect("activated()", action)
            self.shortcuts.append(shortcut)
        self._enableShortcuts(False)

    def _blink(self):
        (self.sideBySide if self.sideBySide.isOpen else self.display).blink()

    def _enableShortcuts(self, enabled):
        for shortcut in self.shortcuts:
            shortcut.setEnabled(enabled)


def _mayBeCT(volume):
    """Whether a volume is one that the user loaded, not a map of a result or a label map."""
    return (
        not volume.IsA("vtkMRMLLabelMapVolumeNode")
        and not volume.GetHideFromEditors()
        and not any(volume is result.node(role) for result in HemorrhageResult.all() for role in result.roles if role != "ct")
    )
