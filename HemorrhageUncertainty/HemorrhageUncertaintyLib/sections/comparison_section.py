"""Change between two results, and the probability of hematoma expansion."""

import slicer
import vtk
from slicer.i18n import tr as _

from ..comparison import comparisonOf, isSingle
from ..hemorrhage_result import HemorrhageResult
from ..patients import differentPatients


class ComparisonSection:
    """The controls under "Compare with an earlier CT".

    Parameters
    ----------
    ui : namespace of widgets
    logic : HemorrhageUncertaintyLogic
        Compares.
    """

    def __init__(self, ui, logic):
        self._ui = ui
        self._logic = logic
        self._parameterNode = None
        self._followed = []
        ui.compareButton.connect("clicked()", self.compare)

    def setParameterNode(self, parameterNode) -> None:
        """Follow the choices of a parameter node; None while a scene closes."""
        self._parameterNode = parameterNode
        if parameterNode is None:
            self._show(None)

    def update(self) -> None:
        """Say what is missing for a comparison; show the table only while it belongs to what is selected."""
        missing = self._missing()
        warning = "" if missing else self._warning()
        self._ui.patientsLabel.text = warning
        self._ui.patientsLabel.setVisible(bool(warning))
        self._ui.compareButton.enabled = not missing
        self._ui.compareButton.toolTip = missing or _("Compute the change between the two results.")
        self._show(None if missing else comparisonOf(*self._pair(), *self._thresholds()))

    def compare(self) -> None:
        """Fill the table."""
        with slicer.util.tryWithErrorDisplay(_("The results cannot be compared."), waitCursor=True):
            self._show(self._fill())

    def _fill(self):
        thresholdMl, thresholdPercent = self._thresholds()
        return self._logic.compare(*self._pair(), thresholdMl=thresholdMl, thresholdPercent=thresholdPercent)

    def _show(self, table) -> None:
        """Show a table and keep it up to date while either result is reviewed or edited; None shows nothing."""
        for node, tag in self._followed:
            node.RemoveObserver(tag)
        volumes = [result.node("volumesTable") for result in self._pair()] if table is not None else []
        self._followed = [
            (node, node.AddObserver(vtk.vtkCommand.ModifiedEvent, self._reviewed)) for node in volumes if node is not None
        ]
        self._ui.comparisonTableView.setMRMLTableNode(table)
        self._ui.comparisonTableView.setVisible(table is not None)

    def _reviewed(self, _caller, _event) -> None:
        if not self._missing():
            self._fill()

    def _pair(self) -> list[HemorrhageResult]:
        node = self._parameterNode
        return [HemorrhageResult.fromRecord(record) for record in (node.earlier, node.later)]

    def _warning(self) -> str:
        """Return what a reader must know about the two results; empty if that is nothing."""
        pair = self._pair()
        warnings = [differentPatients(*(result.ct for result in pair))]
        if any(isSingle(result) for result in pair):
            warnings.append(_("A result of a single sample gives no interval and no probability of expansion."))
        return " ".join(filter(None, warnings))

    def _thresholds(self) -> tuple[float, float]:
        return self._parameterNode.expansionMl, self._parameterNode.expansionPercent

    def _missing(self) -> str:
        node = self._parameterNode
        if node is None or node.earlier is None or node.later is None:
            return _("Select the results of an earlier and of a later CT.")
        if node.earlier is node.later:
            return _("Select two different results.")
        return ""
