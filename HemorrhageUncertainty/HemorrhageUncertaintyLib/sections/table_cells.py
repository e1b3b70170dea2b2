"""Text in a table widget, compact and without signals while it is filled."""

from collections.abc import Sequence
from typing import NamedTuple

import qt


class Header(NamedTuple):
    """One column's title and what it means."""

    title: str
    toolTip: str = ""


def prepareTable(widget) -> None:
    """Make a table compact: no row numbers, and headers that do not change with the selection."""
    widget.verticalHeader().setVisible(False)
    widget.horizontalHeader().setHighlightSections(False)


def fillCells(widget, headers: Sequence[Header], rows: Sequence[Sequence[str]]) -> None:
    """Replace headers and cells of a ``QTableWidget``.

    Parameters
    ----------
    widget : qt.QTableWidget
    headers : sequence of Header
    rows : sequence of sequences of str
        Each as long as `headers`.
    """
    wasBlocked = widget.blockSignals(True)
    widget.setRowCount(len(rows))
    widget.setColumnCount(len(headers))
    for column, header in enumerate(headers):
        item = qt.QTableWidgetItem(header.title)
        item.setToolTip(header.toolTip)
        widget.setHorizontalHeaderItem(column, item)
    for row, cells in enumerate(rows):
        for column, text in enumerate(cells):
            widget.setItem(row, column, qt.QTableWidgetItem(text))
    widget.resizeColumnsToContents()
    widget.resizeRowsToContents()
    widget.blockSignals(wasBlocked)
