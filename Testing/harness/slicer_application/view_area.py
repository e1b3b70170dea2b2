"""The views as pictures in the main window, arranged as the layout says: for screenshots."""

from __future__ import annotations

from typing import Any

import slicer
from PySide6 import QtCore, QtGui, QtWidgets

from harness.slicer_application.qt_names import adapt

_BAR = 4  # height of the colored line above a view, in pixels


class ViewPicture(QtWidgets.QWidget):
    """One view, rendered at the size that the widget has.

    Parameters
    ----------
    node : vtkMRMLSliceNode or vtkMRMLViewNode
        Of the view.
    """

    def __init__(self, node: Any) -> None:
        super().__init__()
        self._node = node
        self._pixmap = QtGui.QPixmap()
        self.setSizePolicy(QtWidgets.QSizePolicy.Policy.Expanding, QtWidgets.QSizePolicy.Policy.Expanding)

    def render_view(self) -> None:
        """Render the view anew."""
        view = slicer.app.layoutManager().view_of_node(self._node)
        if view is None:
            return
        view.resize(self.width, max(self.height - _BAR, 1))
        pixels = view.pixels()
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
    """All views of the present layout. Tables, plots and tabs are left out: only their place is there."""

    def __init__(self) -> None:
        super().__init__()
        self._pictures: list[ViewPicture] = []
        root = slicer.app.layoutManager().layoutLogic().GetLayoutNode().GetLayoutRootElement()
        box = QtWidgets.QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self._make(root))

    def render_views(self) -> None:
        """Render all views at their present sizes."""
        for picture in self._pictures:
            picture.render_view()

    def _make(self, element: Any) -> QtWidgets.QWidget:
        if element.GetName() == "view":
            node = slicer.mrmlScene.GetSingletonNode(element.GetAttribute("singletontag"), element.GetAttribute("class"))
            if node is None or not node.IsA("vtkMRMLAbstractViewNode"):
                return QtWidgets.QWidget()
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


def window_with_views(window: QtWidgets.QMainWindow, width: int, height: int) -> QtGui.QPixmap:
    """Give a main window its views and grab it at a size in pixels."""
    area = ViewArea()
    window.setCentralWidget(area)
    window.resize(width, height)
    window.show()
    QtCore.QCoreApplication.processEvents()
    area.render_views()
    QtCore.QCoreApplication.processEvents()
    picture = window.grab()
    window.hide()
    return picture


for _class in (ViewPicture, ViewArea):
    adapt(_class)
