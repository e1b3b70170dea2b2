"""Two results of one CT in a table widget: volumes with intervals, difference, overlap."""

import math

from slicer.i18n import tr as _

from ..table_node import columnValues
from .table_cells import Header, fillCells, prepareTable

_NOTHING = "\u2013"


class MethodsTable:
    """Shows the table node of `method_table` in a table widget, rounded to what the numbers deserve.

    Parameters
    ----------
    widget : qt.QTableWidget
    """

    def __init__(self, widget):
        self._widget = widget
        prepareTable(widget)

    def show(self, node, first: str = "", second: str = "") -> None:
        """Show a table node, with a description of each side in its header's tool tip; None empties the table."""
        if node is None:
            fillCells(self._widget, [], [])
            return
        rows = [
            [
                _("Total") if name == "total" else name,
                *(_withInterval(f"{ml[0]:.1f}", *ml[1:], "{:.1f}") for ml in (ofA, ofB)),
                _withInterval(_signed(difference[0]), *difference[1:], "{:+.1f}"),
                _NOTHING if math.isnan(dice) else f"{dice:.2f}",
            ]
            for name, ofA, ofB, difference, dice in zip(
                columnValues(node, "subtype"),
                *(list(zip(*(columnValues(node, each) for each in _ends(side)), strict=True)) for side in _SIDES),
                columnValues(node, "dice"),
                strict=True,
            )
        ]
        interval = _("Below: the interval of the samples, or the calibrated one; none if there is one sample only.")
        headers = [
            Header(_("Subtype")),
            Header(_("A (mL)"), f"{first}. {interval}"),
            Header(_("B (mL)"), f"{second}. {interval}"),
            Header(_("B − A (mL)"), _("Below: 5 % to 95 % of the differences over all pairs of samples; not calibrated.")),
            Header(_("Dice"), node.GetColumnDescription("dice")),
        ]
        fillCells(self._widget, headers, rows)


_SIDES = ("a", "b", "difference")


def _ends(side: str) -> tuple[str, str, str]:
    return f"{side}_ml", f"{side}_low_ml", f"{side}_high_ml"


def _withInterval(value: str, low: float, high: float, form: str) -> str:
    if math.isnan(low) or math.isnan(high):
        return value
    return f"{value}\n{form.format(low)} \u2013 {form.format(high)}"


def _signed(value: float) -> str:
    return f"{value:+.1f}" if round(value, 1) else "0.0"  # never "-0.0"
