"""The volumes of a result on one screen: what a reader needs of the volumes table, rounded to what the numbers deserve."""

import math
from collections.abc import Callable, Sequence

from slicer.i18n import tr as _

from ..table_node import columnValues
from .table_cells import Header, fillCells, prepareTable

_NOTHING = "\u2013"
_REVIEWED_COLUMN = 2
#: Tables have three decimals.
_SAME_ML = 1e-3


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
        columns = (
            *("subtype", "volume_ml", "reviewed_ml", "low_ml", "high_ml", "probability_exceeds", "exceeds_ml"),
            *("abc2_ml", "lesions", "mean_uncertainty"),
        )
        values = list(zip(*(columnValues(node, column) for column in columns), strict=True))
        samples = len(result.summary["volumes"][-1]["samples_ml"])
        thresholds = sorted(set(columnValues(node, "exceeds_ml")))
        rows = [
            [
                _("Total") if name == "total" else name,
                f"{volume:.1f}",
                f"{reviewed:.1f}",
                _interval(low, high, samples),
                _share(exceeds, samples) + (f" > {threshold:g} mL" if len(thresholds) > 1 else ""),
                f"{abc2:.1f}" if volume > 0 else _NOTHING,
                str(lesions),
                f"{uncertainty:.2f}" if volume > 0 else _NOTHING,
            ]
            for name, volume, reviewed, low, high, exceeds, threshold, abc2, lesions, uncertainty in values
        ]
        fillCells(self._widget, _headers(node, samples, thresholds), rows)
        # What was not touched needs no second number.
        isTouched = any(abs(reviewed - volume) > _SAME_ML for _name, volume, reviewed, *_others in values)
        self._widget.setColumnHidden(_REVIEWED_COLUMN, not isTouched)

    def _clicked(self, row: int, _column: int) -> None:
        item = self._widget.item(row, 0)
        self._onClicked("total" if row == self._widget.rowCount - 1 else item.text())


def _interval(low: float, high: float, samples: int) -> str:
    if samples < 2:
        return _NOTHING
    return _("withheld") if math.isnan(low) else f"{low:.1f} \u2013 {high:.1f}"


def _share(share: float, samples: int) -> str:
    return f"{100 * share:.0f} %" if samples > 1 else _NOTHING


def _headers(node, samples: int, thresholds: Sequence[float]) -> list[Header]:
    interval = _("Low: {low}. High: {high}.").format(**{end: node.GetColumnDescription(f"{end}_ml") for end in ("low", "high")})
    share = _("Share of the samples whose volume is above the threshold; not calibrated.")
    if samples < 2:
        interval = share = _("A single sample says nothing about this: choose more samples and segment again.")
    return [
        Header(_("Subtype")),
        Header(_("Volume\n(mL)"), _("Volume of the segmentation as the model made it, before review and edits.")),
        Header(_("Reviewed\n(mL)"), _("Volume of the segmentation now: with edits, without rejected lesions.")),
        Header(_("Interval\n(mL)"), interval),
        Header(_("P above") if len(thresholds) > 1 else f"P > {thresholds[0]:g}\nmL", share),
        Header(_("ABC/2\n(mL)"), _("Bedside estimate for the largest lesion, as the model made it.")),
        Header(_("Lesions"), _("Number of separate lesions, as the model made them.")),
        Header(_("Entropy"), _("Mean uncertainty within the segment: 0 certain, 1 undecided between all classes.")),
    ]
