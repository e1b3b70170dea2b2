"""The views as pictures in the main window, arranged as the layout says: for screenshots."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import slicer
from PySide6 import QtCore, QtGui, QtWidgets

from harness.slicer_application.qt_names import adapt

_BAR = 4  # height of the colored line above a view, in pixels


class ViewPicture(QtWidgets.QWidget):
    """One view as a picture.

    Parameters
    ----------
    node : vtkMRMLSliceNode, vtkMRMLViewNode or vtkMRMLPlotViewNode
        Of the view.
    """

    def __init__(self, node: Any) -> None:
        super().__init__()
        self._node = node
        self._view = slicer.app.layoutManager().view_of_node(node)
        self._pixmap = QtGui.QPixmap()
        self.setSizePolicy(QtWidgets.QSizePolicy.Policy.Expanding, QtWidgets.QSizePolicy.Policy.Expanding)

    def size_view(self) -> None:
        """Give the view the size that the widget has."""
        self._view.resize(self.width, max(self.height - _BAR, 1))

    def render_view(self) -> None:
        """Render the view anew."""
        pixels = self._view.pixels()
        rows, columns, _ = pixels.shape
        image = QtGui.QImage(pixels.tobytes(), columns, rows, 3 * columns, QtGui.QImage.Format.Format_RGB888)
        self._pixmap = QtGui.QPixmap.fromImage(image)
        self.update()

    def paintEvent(self, event: QtGui.QPaintEvent) -> None:
        """Paint the picture under a line in the view's color."""
        painter = QtGui.QPainter(self)
        painter.drawPixmap(0, _BAR, self._pixmap)
        painter.fillRect(0, 0, self.width, _BAR, QtGui.QColor.fromRgbF(*self._node.GetLayoutColor()))


class ViewArea(QtWidgets.QWidget):
    """All views of the present layout; tabs lie beside each other."""

    def __init__(self) -> None:
        super().__init__()
        self._pictures: list[ViewPicture] = []
        root = slicer.app.layoutManager().layoutLogic().GetLayoutNode().GetLayoutRootElement()
        box = QtWidgets.QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self._make(root))

    def size_views(self) -> None:
        """Give all views the sizes of their places."""
        for picture in self._pictures:
            picture.size_view()

    def render_views(self) -> None:
        """Render all views."""
        for picture in self._pictures:
            picture.render_view()

    def _make(self, element: Any) -> QtWidgets.QWidget:
        if element.GetName() == "view":
            node = slicer.mrmlScene.GetSingletonNode(element.GetAttribute("singletontag"), element.GetAttribute("class"))
            if node.IsA("vtkMRMLTableViewNode"):
                return _table(node)
            self._pictures.append(ViewPicture(node))
            return self._pictures[-1]
        widget = QtWidgets.QWidget()
        vertical = element.GetAttribute("type") == "vertical"
        box = QtWidgets.QVBoxLayout(widget) if vertical else QtWidgets.QHBoxLayout(widget)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(2)
        for index in range(element.GetNumberOfNestedElements()):
            item = element.GetNestedElement(index)
            if item.GetNumberOfNestedElements():
                box.addWidget(self._make(item.GetNestedElement(0)), int(item.GetAttribute("splitSize") or 1))
        return widget


def _table(node: Any) -> QtWidgets.QWidget:
    """Return the table that a vtkMRMLTableViewNode shows."""
    view = slicer.qMRMLTableView()
    view.setMRMLTableNode(node.GetTableNode())
    return view


def window_with_views(
    window: QtWidgets.QMainWindow, width: int, height: int, aim: Callable[[], None] | None = None
) -> QtGui.QPixmap:
    """Give a main window its views and grab it at a size in pixels.

    `aim` is called when the views have their sizes, before they are rendered: to fit them, or to bring them to a place.
    """
    area = ViewArea()
    window.setCentralWidget(area)
    window.resize(width, height)
    window.show()
    QtCore.QCoreApplication.processEvents()
    area.size_views()
    if aim is not None:
        aim()
    area.render_views()
    QtCore.QCoreApplication.processEvents()
    picture = window.grab()
    window.hide()
    return picture


for _class in (ViewPicture, ViewArea):
    adapt(_class)
