"""Doubles of the MRML widgets that scripted modules use: they become attributes of the package `slicer`."""

from __future__ import annotations

from typing import Any, ClassVar

import slicer
import vtk
from PySide6 import QtGui, QtWidgets
from PySide6.QtCore import Property, Qt, Signal

from harness.slicer_application.ctk_widgets import ctkMenuButton, ctkRangeWidget, ctkSliderWidget
from harness.slicer_application.mrml_observation import MRMLObservations
from harness.slicer_application.node_combo_box import qMRMLNodeComboBox
from harness.slicer_application.ui_loader import DOUBLES, double

__all__ = ["install", "qMRMLNodeComboBox"]


@double
class qMRMLWidget(QtWidgets.QWidget):
    """A widget that has a scene."""

    mrmlSceneChanged = Signal(object)
    SIGNATURES: ClassVar = {"mrmlSceneChanged(vtkMRMLScene*)": "mrmlSceneChanged"}

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._scene: Any = None

    def mrmlScene(self) -> Any:
        """The scene."""
        return self._scene

    def setMRMLScene(self, scene: Any) -> None:
        """Have another scene."""
        if scene is not self._scene:
            self._scene = scene
            self.mrmlSceneChanged.emit(scene)


@double
class qSlicerWidget(qMRMLWidget):
    """A widget that has a scene."""


@double
class qMRMLSliderWidget(ctkSliderWidget):
    """A slider whose unit may come from the scene; here it does not."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._quantity = ""

    quantity = Property(str, lambda self: self._quantity, lambda self, value: setattr(self, "_quantity", value))

    def setMRMLScene(self, scene: Any) -> None:
        """Accept a scene."""


@double
class qMRMLRangeWidget(ctkRangeWidget):
    """A range whose unit may come from the scene; here it does not."""

    def setMRMLScene(self, scene: Any) -> None:
        """Accept a scene."""


@double
class qMRMLSpinBox(QtWidgets.QDoubleSpinBox):
    """A spin box whose unit may come from the scene; here it does not."""

    def setMRMLScene(self, scene: Any) -> None:
        """Accept a scene."""


@double
class qMRMLTableView(QtWidgets.QTableView):
    """The cells of a table node, to be read."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._node: Any = None
        self._observations = MRMLObservations(self)
        self._cells = QtGui.QStandardItemModel(self)
        self.setModel(self._cells)
        self.setEditTriggers(QtWidgets.QAbstractItemView.EditTrigger.NoEditTriggers)

    def setMRMLScene(self, scene: Any) -> None:
        """Accept a scene."""

    def mrmlTableNode(self) -> Any:
        """The table that is shown."""
        return self._node

    def setMRMLTableNode(self, node: Any) -> None:
        """Show a table, or none."""
        self._node = node
        self._observations.replace(node, (vtk.vtkCommand.ModifiedEvent,), "_fill")
        self._fill()

    def _fill(self) -> None:
        node = self._node
        self._cells.clear()
        if node is None:
            return
        columns = range(node.GetNumberOfColumns())
        self._cells.setHorizontalHeaderLabels([self._header(column) for column in columns])
        for row in range(node.GetNumberOfRows()):
            self._cells.appendRow([QtGui.QStandardItem(node.GetCellText(row, column)) for column in columns])
        self.horizontalHeader().setMinimumSectionSize(60)
        self.resizeColumnsToContents()

    def _header(self, column: int) -> str:
        name = self._node.GetColumnName(column) or ""
        if not self._node.GetUseColumnTitleAsColumnHeader():
            return name
        title, unit = self._node.GetColumnTitle(name) or name, self._node.GetColumnUnitLabel(name)
        return f"{title} [{unit}]" if unit else title


@double
class qMRMLSegmentsTableView(QtWidgets.QWidget):
    """The segments of a segmentation: visibility, color, name, opacity; to be read and selected."""

    selectionChanged = Signal(object, object)
    SIGNATURES: ClassVar = {"selectionChanged(QItemSelection,QItemSelection)": "selectionChanged"}
    _COLUMNS = ("visible", "color", "Name", "Opacity")

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._node: Any = None
        self._read_only = False
        self._observations = MRMLObservations(self)
        self._display_observations = MRMLObservations(self)
        self._table = QtWidgets.QTableWidget(0, len(self._COLUMNS))
        self._table.setHorizontalHeaderLabels(["", "", *self._COLUMNS[2:]])
        self._table.setSelectionBehavior(QtWidgets.QAbstractItemView.SelectionBehavior.SelectRows)
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._table)
        self._table.selectionModel().selectionChanged.connect(self.selectionChanged.emit)

    def _column(name: str) -> Property:  # type: ignore[misc]
        def index(self: Any) -> int:
            return int(self._COLUMNS.index(name))

        return Property(
            bool,
            lambda self: not self._table.isColumnHidden(index(self)),
            lambda self, visible: self._table.setColumnHidden(index(self), not visible),
        )

    visibilityColumnVisible = _column("visible")
    colorColumnVisible = _column("color")
    opacityColumnVisible = _column("Opacity")
    headerVisible = Property(
        bool,
        lambda self: not self._table.horizontalHeader().isHidden(),
        lambda self, visible: self._table.horizontalHeader().setVisible(visible),
    )
    readOnly = Property(bool, lambda self: self._read_only, lambda self, value: setattr(self, "_read_only", value))

    def setMRMLScene(self, scene: Any) -> None:
        """Accept a scene."""

    def segmentationNode(self) -> Any:
        """The segmentation that is shown."""
        return self._node

    def setSegmentationNode(self, node: Any) -> None:
        """Show a segmentation, or none."""
        self._node = node
        event = slicer.vtkSegmentation
        self._observations.replace(node, (event.SegmentAdded, event.SegmentRemoved, event.SegmentModified), "_fill")
        display = node.GetDisplayNode() if node is not None else None
        self._display_observations.replace(display, (vtk.vtkCommand.ModifiedEvent,), "_fill")
        self._fill()

    def segmentCount(self) -> int:
        """How many segments are shown."""
        return int(self._table.rowCount)

    def selectedSegmentIDs(self) -> list[str]:
        """IDs of the selected rows."""
        rows = sorted({index.row() for index in self._table.selectedIndexes()})
        return [self._id(row) for row in rows]

    def setSelectedSegmentIDs(self, segmentIDs: list[str]) -> None:
        """Select the rows with these IDs."""
        self._table.clearSelection()
        for row in range(self._table.rowCount):
            if self._id(row) in segmentIDs:
                self._table.selectRow(row)

    def _id(self, row: int) -> str:
        return str(self._table.item(row, 2).data(Qt.ItemDataRole.UserRole))

    def _fill(self) -> None:
        segmentation = self._node.GetSegmentation() if self._node is not None else None
        ids = list(segmentation.GetSegmentIDs()) if segmentation is not None else []
        display = self._node.GetDisplayNode() if self._node is not None else None
        self._table.setRowCount(len(ids))
        for row, segment_id in enumerate(ids):
            segment = segmentation.GetSegment(segment_id)
            visible = display is None or display.GetSegmentVisibility(segment_id)
            opacity = 1.0 if display is None else display.GetSegmentOpacity3D(segment_id)
            items = [
                QtWidgets.QTableWidgetItem(text) for text in ("✓" if visible else "", "", segment.GetName(), f"{opacity:.2f}")
            ]
            items[1].setBackground(QtGui.QColor.fromRgbF(*segment.GetColor()))
            items[2].setData(Qt.ItemDataRole.UserRole, segment_id)
            for column, item in enumerate(items):
                self._table.setItem(row, column, item)
        self._table.resizeColumnsToContents()


@double
class qMRMLSegmentationShow3DButton(ctkMenuButton):
    """Makes the surfaces of a segmentation and removes them."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._node: Any = None
        self.setText("Show 3D")
        self.setCheckable(True)
        self.setEnabled(False)
        self.toggled.connect(self._toggle)

    def setMRMLScene(self, scene: Any) -> None:
        """Accept a scene."""

    def segmentationNode(self) -> Any:
        """The segmentation."""
        return self._node

    def setSegmentationNode(self, node: Any) -> None:
        """Be the button of a segmentation, or of none."""
        self._node = node
        self.setEnabled(node is not None)

    def _toggle(self, shown: bool) -> None:
        if self._node is None:
            return
        if shown:
            self._node.CreateClosedSurfaceRepresentation()
        else:
            self._node.RemoveClosedSurfaceRepresentation()


@double
class qMRMLSequenceBrowserSeekWidget(QtWidgets.QWidget):
    """A slider along the items of a sequence browser."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._node: Any = None
        self._observations = MRMLObservations(self)
        self._slider, self._label = QtWidgets.QSlider(Qt.Orientation.Horizontal), QtWidgets.QLabel()
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._slider, 1)
        layout.addWidget(self._label)
        self._slider.valueChanged.connect(self._seek)
        self._fill()

    def setMRMLScene(self, scene: Any) -> None:
        """Accept a scene."""

    def setMRMLSequenceBrowserNode(self, node: Any) -> None:
        """Seek in a browser, or in none."""
        self._node = node
        self._observations.replace(node, (vtk.vtkCommand.ModifiedEvent,), "_fill")
        self._fill()

    def _fill(self) -> None:
        count = self._node.GetNumberOfItems() if self._node is not None else 0
        self._slider.setEnabled(count > 0)
        self._slider.setRange(0, max(count - 1, 0))
        if count:
            self._slider.setValue(self._node.GetSelectedItemNumber())
        self._label.setText(f"{self._slider.value + 1} / {count}" if count else "")

    def _seek(self, item: int) -> None:
        if self._node is not None and item != self._node.GetSelectedItemNumber():
            self._node.SetSelectedItemNumber(item)


def install() -> None:
    """Make the doubles attributes of the package `slicer`."""
    for name, cls in DOUBLES.items():
        if not name.startswith("ctk"):
            setattr(slicer, name, cls)
