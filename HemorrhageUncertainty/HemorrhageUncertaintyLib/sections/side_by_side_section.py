"""Two results of one CT, side by side in linked views and in a table."""

import logging
from collections.abc import Callable

import slicer
import vtk
from slicer.i18n import tr as _

from hemorrhage.errors import ArgumentError

from ..comparable import checkComparable, mapNames
from ..heat_map import HeatMap
from ..hemorrhage_result import HemorrhageResult
from ..method_table import methodTableOf, methodTableSteps
from ..side_by_side import SideBySide
from ..step_runner import StepRunner
from .methods_table import MethodsTable
from .string_choice import Choice, StringChoice


class SideBySideSection:
    """The controls under "Compare methods on one CT".

    Parameters
    ----------
    ui : namespace of widgets
    onSwitched : callable(bool)
        Called when the comparison was opened or closed, so that nothing else arranges what it shows.
    """

    def __init__(self, ui, onSwitched: Callable[[bool], None]):
        self._ui = ui
        self._onSwitched = onSwitched
        self._parameterNode = None
        self._running = None
        self._layoutNode = None
        self._layoutTag = None
        self._followed = []
        self._map = StringChoice(ui.comparedMapComboBox, self._chooseMap)
        self._table = MethodsTable(ui.methodsTable)
        manager = slicer.app.layoutManager()
        if manager is not None:
            self._layoutNode = manager.layoutLogic().GetLayoutNode()
            self._layoutTag = self._layoutNode.AddObserver(vtk.vtkCommand.ModifiedEvent, self._layoutChanged)

    @property
    def isOpen(self) -> bool:
        """Whether two results are shown side by side."""
        return SideBySide.current() is not None

    @property
    def isBusy(self) -> bool:
        """Whether something is still being made."""
        return self._running is not None

    def setParameterNode(self, parameterNode) -> None:
        """Follow the choices of a parameter node; None while a scene closes, which also ends the comparison."""
        if parameterNode is None:
            self._close()
            self._showTable(None)
        self._parameterNode = parameterNode

    def restore(self) -> None:
        """Show again what a loaded scene says: titles are no part of a scene, and the panel may have shown a result meanwhile."""
        opened = SideBySide.current()
        if opened is None or self._parameterNode is None or self.isBusy:
            return
        if opened.isShown and None not in opened.results:
            opened.show()
            self._onSwitched(True)
        else:
            self.leave()

    def release(self) -> None:
        """Observe nothing any more."""
        if self._layoutTag is not None:
            self._layoutNode.RemoveObserver(self._layoutTag)
            self._layoutTag = None

    def offer(self, result) -> None:
        """Select a new result and another one of its CT, where there is one, so that nobody has to."""
        others = [other for other in HemorrhageResult.ofCT(result.ct) if other != result]
        node = self._parameterNode
        if node is None or not others:
            return
        if node.first not in [other.record for other in others]:
            node.first = others[-1].record
        node.second = result.record

    def update(self) -> None:
        """Bring the views to what the parameter node says, or say what is missing for that."""
        if slicer.mrmlScene.IsImporting():  # references are not complete yet; the end of it brings us here again
            return
        node, missing = self._parameterNode, self._missing()
        self._ui.methodsLabel.text = missing
        self._ui.methodsLabel.setVisible(bool(missing))
        self._ui.methodsTable.setVisible(not missing)
        for widget in (self._ui.sideBySideCheckBox, self._ui.differenceCheckBox, self._ui.comparedMapComboBox):
            widget.enabled = not missing
        self._showMaps()
        self._showTable(None if missing else methodTableOf(*self._pair()))
        if node is None:
            return
        if missing and node.sideBySide:
            node.sideBySide = False  # which comes back here
            return
        if not node.sideBySide:
            if self.isOpen:
                self._close()
            return
        self._run()

    def leave(self) -> None:
        """End the comparison, if there is one: something else is to be shown."""
        if self._parameterNode is not None:
            self._parameterNode.sideBySide = False
        self._close()

    def blink(self) -> None:
        """Hide the maps on both sides, or bring them back."""
        opened = SideBySide.current()
        if opened is not None:
            opened.blink()

    def _wanted(self) -> tuple:
        node = self._parameterNode
        return node.first, node.second, self._map.value, node.showDifference

    def _run(self) -> None:
        """Open the comparison, or bring it up to date, in turns of the event loop."""
        opened = SideBySide.current()
        if opened is not None and not self._running and self._wanted() == _shown(opened):
            opened.setOpacity(self._parameterNode.comparedOpacity)
            return
        if self._running is not None:
            if self._running[0] == self._wanted():
                return
            self._running[1].stop()
        runner = StepRunner(self._steps(), self._done, self._failed)
        self._running = (self._wanted(), runner)
        runner.start()

    def _steps(self):
        first, second = self._pair()
        name, difference = self._map.value, self._parameterNode.showDifference
        opened = SideBySide.current()
        if opened is not None and opened.results == (first, second):
            yield from opened.showSteps(name, difference=difference)
        else:
            opened = yield from SideBySide.openSteps(first, second, name, difference=difference)
        opened.setOpacity(self._parameterNode.comparedOpacity)
        self._onSwitched(True)
        yield
        self._showTable((yield from methodTableSteps(first, second)))

    def _done(self, _nothing) -> None:
        self._running = None
        self.update()

    def _failed(self, error: Exception) -> None:
        self._running = None
        if not isinstance(error, ArgumentError):
            logging.error("HemorrhageUncertainty: the results could not be shown side by side", exc_info=error)
        self.leave()
        self._ui.methodsLabel.text = str(error)
        self._ui.methodsLabel.setVisible(True)

    def _close(self) -> None:
        if self._running is not None:
            self._running[1].stop()
            self._running = None
        opened = SideBySide.current()
        if opened is not None:
            opened.close()
            self._onSwitched(False)

    def _layoutChanged(self, _caller, _event) -> None:
        """Somebody arranged the views otherwise: outlines must not stay bound to views that are gone."""
        opened = SideBySide.current()
        if opened is not None and not opened.isShown and not slicer.mrmlScene.IsImporting():
            self.leave()

    def _showMaps(self) -> None:
        node = self._parameterNode
        if self._missing():
            self._map.setChoices([], "")
            return
        first, second = self._pair()
        names = mapNames(first, second)
        styles = HeatMap(first)
        chosen = node.comparedMap if node.comparedMap in names else styles.name
        choices = [Choice(name, styles.style(name).title, styles.style(name).unit) for name in names]
        self._map.setChoices(choices, chosen if chosen in names else names[0])

    def _chooseMap(self, name: str) -> None:
        if self._parameterNode is not None:
            self._parameterNode.comparedMap = name

    def _showTable(self, table) -> None:
        """Show a table, and make it anew while either result is reviewed or edited; None shows nothing."""
        for node, tag in self._followed:
            node.RemoveObserver(tag)
        results = self._pair() if table is not None else []
        volumes = [result.node("volumesTable") for result in results]
        self._followed = [
            (node, node.AddObserver(vtk.vtkCommand.ModifiedEvent, self._reviewed)) for node in volumes if node is not None
        ]
        self._table.show(table, *(result.procedure.description for result in results))

    def _reviewed(self, _caller, _event) -> None:
        if self._running is None and not self._missing():
            runner = StepRunner(methodTableSteps(*self._pair()), self._done, self._failed)
            self._running = (None, runner)
            runner.start()

    def _pair(self) -> tuple[HemorrhageResult, HemorrhageResult]:
        node = self._parameterNode
        return HemorrhageResult.fromRecord(node.first), HemorrhageResult.fromRecord(node.second)

    def _missing(self) -> str:
        node = self._parameterNode
        if node is None or node.first is None or node.second is None:
            return _("Select two results of one CT: segment it once more, with another method or model.")
        try:
            checkComparable(*self._pair())
        except ArgumentError as error:
            return str(error)
        return ""


def _shown(opened: SideBySide) -> tuple:
    first, second = (result.record if result is not None else None for result in opened.results)
    return first, second, opened.name, opened.isDifference
