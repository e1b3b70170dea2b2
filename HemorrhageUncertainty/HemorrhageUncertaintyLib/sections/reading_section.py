"""Numbers and findings: volumes with their thresholds and plot, lesions, places to look at, and the review of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import slicer
from slicer.i18n import tr as _

from ..layout import showLayout, showPlot, showTable
from ..marks import ItemKind, Mark
from ..review import Review
from ..table_node import columnValues
from ..tables import TOTAL, makeTables, setThresholdMl, thresholdsMl, volumeText
from .table_cells import Header, fillCells, prepareTable
from .volumes_table import VolumesTable

NEXT_KEY, PREVIOUS_KEY = "N", "Shift+N"


@dataclass(frozen=True)
class _List:
    """One list of findings: its widget, and the columns of the table node that it shows."""

    kind: ItemKind
    widget: object
    tableRole: str
    columns: Sequence[str]

    @property
    def numberColumn(self) -> str:
        """Name of the column that tells findings apart."""
        return self.columns[0]


class ReadingSection:
    """The controls under "Read".

    Parameters
    ----------
    ui : namespace of widgets
    """

    def __init__(self, ui):
        self._ui = ui
        self._parameterNode = None
        self._result = None
        self._review = None
        self._lists = (
            _List(ItemKind.LESION, ui.lesionsTable, "lesionsTable", ("number", "subtype", "reviewed_ml", "slice", "mark")),
            _List(ItemKind.PLACE, ui.placesTable, "placesTable", ("rank", "subtypes", "volume_ml", "slice", "mark")),
        )
        for each in self._lists:
            each.widget.connect("cellClicked(int,int)", lambda row, _column, each=each: self._goToRow(each, row))
            each.widget.connect("currentCellChanged(int,int,int,int)", lambda row, *_rest, each=each: self._goToRow(each, row))
            prepareTable(each.widget)
        self._volumes = VolumesTable(ui.volumesTable, self._goToSubtype)
        ui.thresholdSpinBox.connect("valueChanged(double)", self._changeThreshold)
        ui.plotButton.connect("clicked()", self.showPlot)
        ui.nextButton.connect("clicked()", self.next)
        ui.previousButton.connect("clicked()", self.previous)
        ui.editorButton.connect("clicked()", self.openSegmentEditor)
        for button, mark in (
            (ui.confirmButton, Mark.CONFIRMED),
            (ui.rejectButton, Mark.REJECTED),
            (ui.editedButton, Mark.EDITED),
            (ui.clearMarkButton, Mark.UNREVIEWED),
        ):
            button.connect("clicked()", self._marker(mark))
        self.setResult(None)

    def setParameterNode(self, parameterNode) -> None:
        """Follow the choices of a parameter node; None while a scene closes."""
        self._parameterNode = parameterNode

    def setResult(self, result) -> None:
        """Show the numbers of a result and follow its edits; None empties the lists."""
        if self._review is not None:
            self._review.stop()
            self._review.onChange = None
        self._result = result
        self._review = Review(result) if result is not None else None
        if self._review is not None:
            roles = ("volumesTable", "lesionsTable", "placesTable")
            # A user has deleted one; while a scene is loaded it may be about to come.
            if not slicer.mrmlScene.IsBatchProcessing() and any(result.node(role) is None for role in roles):
                makeTables(result)
                self._review.update()
            self._review.onChange = self._showReview
            if result.segmentation is not None:  # a user may have deleted it
                self._review.follow()
            self._showThreshold()
        self._ui.readCollapsibleButton.enabled = result is not None
        self._ui.editorButton.enabled = result is not None and result.segmentation is not None
        self._showReview()

    def release(self) -> None:
        """Follow edits no more, without touching any node."""
        if self._review is not None:
            self._review.stop()
            self._review.onChange = None

    def next(self) -> None:
        """Go to the next finding."""
        if self._review is not None:
            self._review.next()
            self._selectCurrent()

    def previous(self) -> None:
        """Go to the finding before."""
        if self._review is not None:
            self._review.previous()
            self._selectCurrent()

    def mark(self, mark: Mark) -> None:
        """Mark the finding that the views were last brought to."""
        if self._review is not None:
            self._review.markCurrent(mark)

    def _marker(self, mark: Mark) -> Callable[[], None]:
        return lambda: self.mark(mark)

    def showPlot(self) -> None:
        """Show table and plot of the volumes beside the slices."""
        chart = self._result.node("distributionPlot") if self._result is not None else None
        if chart is not None:
            showLayout(slicer.app.layoutManager())
            showTable(self._result.node("volumesTable"))
            showPlot(chart)

    def openSegmentEditor(self) -> None:
        """Go to Segment Editor with the result's segmentation and CT selected."""
        segmentation, ct = self._result.segmentation, self._result.ct
        slicer.util.selectModule("SegmentEditor")
        editor = slicer.util.getModuleWidget("SegmentEditor").editor
        editor.setSegmentationNode(segmentation)
        editor.setSourceVolumeNode(ct)

    def _changeThreshold(self, thresholdMl: float) -> None:
        if self._result is not None and self._result.node("volumesTable") is not None:
            setThresholdMl(self._result, thresholdMl)
            self._volumes.show(self._result)

    def _showThreshold(self) -> None:
        spinBox = self._ui.thresholdSpinBox
        wasBlocked = spinBox.blockSignals(True)
        spinBox.value = thresholdsMl(self._result)[TOTAL]
        spinBox.blockSignals(wasBlocked)

    def _showReview(self) -> None:
        self._volumes.show(self._result)
        for each in self._lists:
            self._fill(each)
        self._selectCurrent()
        self._ui.reviewLabel.text = self._totals() if self._result is not None else ""

    def _totals(self) -> str:
        items = self._review.items()
        volumes = self._result.node("volumesTable")
        if volumes is None:
            return _("The table of volumes was deleted: select the result again to have it back.")
        reviewed = dict(zip(columnValues(volumes, "subtype"), columnValues(volumes, "reviewed_ml"), strict=True))
        parts = [f"{name} {volume:.1f} mL" for name, volume in reviewed.items() if volume > 0 and name != TOTAL]
        seen = sum(item.mark is not Mark.UNREVIEWED for item in items)
        return _("Reviewed {seen} of {count}. Total after review: {total:.1f} mL{parts}.").format(
            seen=seen, count=len(items), total=reviewed[TOTAL], parts=f" ({', '.join(parts)})" if parts else ""
        )

    def _fill(self, each: _List) -> None:
        node = self._result.node(each.tableRole) if self._result is not None else None
        columns = [columnValues(node, column) for column in each.columns] if node is not None else []
        rows = [
            [volumeText(cell) if isinstance(cell, float) else str(cell) for cell in row] for row in zip(*columns, strict=True)
        ]
        fillCells(each.widget, [_header(node, column) for column in each.columns] if node is not None else [], rows)

    def _goToSubtype(self, name: str) -> None:
        """Bring the views to the largest lesion of a subtype, or of all."""
        lesions = self._review.items(ItemKind.LESION) if self._review is not None else []
        names = {lesion["number"]: lesion["name"] for lesion in self._result.summary["lesions"]} if lesions else {}
        item = next((item for item in lesions if name in (TOTAL, names[item.number])), None)
        if item is not None:
            self._review.goTo(item.kind, item.number)
            self._selectCurrent()

    def _goToRow(self, each: _List, row: int) -> None:
        if self._review is None or row < 0:
            return
        number = columnValues(self._result.node(each.tableRole), each.numberColumn)[row]
        if any(item.number == number for item in self._review.items(each.kind)):
            self._review.goTo(each.kind, number)
            self._showButtons()

    def _selectCurrent(self) -> None:
        item = self._review.current if self._review is not None else None
        for index, each in enumerate(self._lists):
            table = self._result.node(each.tableRole) if item is not None and item.kind is each.kind else None
            if table is None:
                continue
            numbers = columnValues(table, each.numberColumn)
            wasBlocked = each.widget.blockSignals(True)
            each.widget.setCurrentCell(numbers.index(item.number), 0)
            each.widget.blockSignals(wasBlocked)
            self._ui.findingsTabWidget.setCurrentIndex(index)
        self._showButtons()

    def _showButtons(self) -> None:
        ui = self._ui
        hasItems = self._review is not None and bool(self._review.items())
        hasCurrent = self._review is not None and self._review.current is not None
        for button in (ui.nextButton, ui.previousButton):
            button.enabled = hasItems
        for button in (ui.confirmButton, ui.rejectButton, ui.editedButton, ui.clearMarkButton):
            button.enabled = hasCurrent


def _header(node, column: str) -> Header:
    unit = node.GetColumnUnitLabel(column)
    title = f"{node.GetColumnTitle(column)} ({unit})" if unit else node.GetColumnTitle(column)
    return Header(title, node.GetColumnDescription(column))
