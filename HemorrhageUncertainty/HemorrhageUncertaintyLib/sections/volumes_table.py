"""The volumes of a result on one screen: what a reader needs of the volumes table, rounded to what the numbers deserve."""

import math
from collections.abc import Callable

from slicer.i18n import tr as _

from ..table_node import columnValues
from .table_cells import Header, fillCells, prepareTable


class VolumesTable:
    """Shows the volumes table node of a result in a table widget.

    Parameters
    ----------
    widget : qt.QTableWidget
    onClicked : callable(str)
        Called with the subtype, or ``total``, of a row that is clicked.
    """

    def __init__(self, widget, onClicked: Callable[[str], None]):
        self._widget = widget
        self._onClicked = onClicked
        prepareTable(widget)
        widget.connect("cellClicked(int,int)", self._clicked)

    def show(self, result) -> None:
        """Show a result's volumes; None empties the table."""
        node = result.node("volumesTable") if result is not None else None
        if node is None:
            fillCells(self._widget, [], [])
            return
        columns = ("subtype", "volume_ml", "low_ml", "high_ml", "probability_exceeds", "abc2_ml", "lesions", "mean_uncertainty")
        values = zip(*(columnValues(node, column) for column in columns), strict=True)
        rows = [
            [
                _("Total") if name == "total" else name,
                f"{volume:.1f}",
                _("withheld") if math.isnan(low) else f"{low:.1f} \u2013 {high:.1f}",
                f"{100 * exceeds:.0f} %",
                f"{abc2:.1f}",
                str(lesions),
                f"{uncertainty:.2f}",
            ]
            for name, volume, low, high, exceeds, abc2, lesions, uncertainty in values
        ]
        descriptions = {end: node.GetColumnDescription(f"{end}_ml") for end in ("low", "high")}
        thresholds = sorted(set(columnValues(node, "exceeds_ml")))
        above = f"P > {thresholds[0]:g}" if len(thresholds) == 1 else _("P above")
        headers = [
            Header(_("Subtype")),
            Header(_("mL"), _("Volume of the segmentation, in mL.")),
            Header(_("Interval"), _("Low: {low}. High: {high}.").format(**descriptions)),
            Header(above, _("Share of the samples whose volume is above the threshold in mL; not calibrated.")),
            Header(_("ABC/2"), _("Bedside estimate for the largest lesion, in mL.")),
            Header(_("Lesions"), _("Number of separate lesions.")),
            Header(_("Entropy"), _("Mean uncertainty within the segment: 0 certain, 1 undecided between all classes.")),
        ]
        fillCells(self._widget, headers, rows)

    def _clicked(self, row: int, _column: int) -> None:
        item = self._widget.item(row, 0)
        self._onClicked("total" if row == self._widget.rowCount - 1 else item.text())
