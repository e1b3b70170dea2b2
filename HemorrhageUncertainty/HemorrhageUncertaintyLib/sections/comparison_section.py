"""Change between two results, and the probability of hematoma expansion."""

import slicer
from slicer.i18n import tr as _

from ..hemorrhage_result import HemorrhageResult


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
        ui.compareButton.connect("clicked()", self.compare)

    def setParameterNode(self, parameterNode) -> None:
        """Follow the choices of a parameter node; None while a scene closes."""
        self._parameterNode = parameterNode
        if parameterNode is None:
            self._ui.comparisonTableView.setMRMLTableNode(None)

    def update(self) -> None:
        """Say what is missing for a comparison."""
        missing = self._missing()
        self._ui.compareButton.enabled = not missing
        self._ui.compareButton.toolTip = missing or _("Compute the change between the two results.")

    def compare(self) -> None:
        """Fill the table."""
        node = self._parameterNode
        with slicer.util.tryWithErrorDisplay(_("The results cannot be compared."), waitCursor=True):
            table = self._logic.compare(
                HemorrhageResult.fromRecord(node.earlier),
                HemorrhageResult.fromRecord(node.later),
                thresholdMl=node.expansionMl,
                thresholdPercent=node.expansionPercent,
            )
            self._ui.comparisonTableView.setMRMLTableNode(table)

    def _missing(self) -> str:
        node = self._parameterNode
        if node is None or node.earlier is None or node.later is None:
            return _("Select the results of an earlier and of a later CT.")
        if node.earlier is node.later:
            return _("Select two different results.")
        return ""
