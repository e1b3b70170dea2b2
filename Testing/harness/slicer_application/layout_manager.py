"""Double of the layout manager: the real layout logic decides which views there are, and each becomes a view in memory."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import slicer
from PySide6 import QtCore

from harness.slicer_application.plot_view import PlotView
from harness.slicer_application.views import SliceView, ThreeDView, View


class _RenderedWidget:
    """What slice and 3D widgets of the application have in common. Attributes that are not written here do not exist."""

    __slots__ = ("_view",)

    def __init__(self, view: Any) -> None:
        self._view = view

    def renderWindow(self) -> Any:
        """The vtkRenderWindow."""
        return self._view.renderWindow

    def interactor(self) -> Any:
        """The vtkRenderWindowInteractor."""
        return self._view.interactor

    def forceRender(self) -> None:
        """Render now."""
        self._view.render()

    def scheduleRender(self) -> None:
        """Do nothing: pictures are rendered when they are asked for."""

    def displayableManagerByClassName(self, name: str) -> Any:
        """One of the view's displayable managers."""
        return self._view.managers.GetDisplayableManagerByClassName(name)

    def setVisible(self, visible: bool) -> None:
        """Do nothing: nothing of a view is on a screen."""


class _SliceWidgetView(_RenderedWidget):
    """qMRMLSliceView."""

    __slots__ = ()

    def mrmlSliceNode(self) -> Any:
        """The vtkMRMLSliceNode."""
        return self._view.node

    def cornerAnnotation(self) -> Any:
        """The vtkCornerAnnotation: text in the corners and along the edges."""
        return self._view.cornerAnnotation


class _SliceController(_RenderedWidget):
    """qMRMLSliceControllerWidget."""

    __slots__ = ()

    def fitSliceToBackground(self) -> None:
        """Show the whole background volume."""
        self._view.fit()

    def setSliceVisible(self, visible: bool) -> None:
        """Show the slice in 3D views."""
        self._view.node.SetSliceVisible(visible)


class _SliceWidget(_RenderedWidget):
    """qMRMLSliceWidget."""

    __slots__ = ()

    def sliceLogic(self) -> Any:
        """The vtkMRMLSliceLogic."""
        return self._view.logic

    def mrmlSliceNode(self) -> Any:
        """The vtkMRMLSliceNode."""
        return self._view.node

    def mrmlSliceCompositeNode(self) -> Any:
        """The vtkMRMLSliceCompositeNode."""
        return self._view.composite

    def sliceView(self) -> _SliceWidgetView:
        """The part that shows the slice."""
        return _SliceWidgetView(self._view)

    def sliceController(self) -> _SliceController:
        """The bar above."""
        return _SliceController(self._view)

    def fitSliceToBackground(self) -> None:
        """Show the whole background volume."""
        self._view.fit()


class _ThreeDWidgetView(_RenderedWidget):
    """qMRMLThreeDView."""

    __slots__ = ()

    def mrmlViewNode(self) -> Any:
        """The vtkMRMLViewNode."""
        return self._view.node

    def cameraNode(self) -> Any:
        """The vtkMRMLCameraNode."""
        return self._view.camera

    def resetFocalPoint(self) -> None:
        """Turn around the center of what is shown."""
        self._view.fit()

    def resetCamera(self) -> None:
        """Show everything."""
        self._view.fit()

    def rotateToViewAxis(self, axis: int) -> None:
        """Look along an axis (values of vtkMRMLCameraNode::Direction)."""
        self._view.camera.RotateTo(axis)


class _ThreeDController(_RenderedWidget):
    """qMRMLThreeDViewControllerWidget."""

    __slots__ = ()

    def resetFocalPoint(self) -> None:
        """Turn around the center of what is shown."""
        self._view.fit()


class _ThreeDWidget(_RenderedWidget):
    """qMRMLThreeDWidget."""

    __slots__ = ()

    def mrmlViewNode(self) -> Any:
        """The vtkMRMLViewNode."""
        return self._view.node

    def viewLogic(self) -> Any:
        """The vtkMRMLViewLogic."""
        return self._view.logic

    def threeDView(self) -> _ThreeDWidgetView:
        """The part that shows the scene."""
        return _ThreeDWidgetView(self._view)

    def threeDController(self) -> _ThreeDController:
        """The bar above."""
        return _ThreeDController(self._view)


class LayoutManager(QtCore.QObject):
    """The part of qSlicerLayoutManager that scripted modules use.

    Views are made when they are first asked for and stay for as long as the process lives, as their nodes do.
    """

    layoutChanged = QtCore.Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._views: dict[str, View | PlotView] = {}
        self._logic = slicer.vtkMRMLLayoutLogic()
        self._logic.SetMRMLApplicationLogic(slicer.app.applicationLogic())
        self._logic.SetMRMLScene(slicer.mrmlScene)
        self.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView)

    @property
    def layout(self) -> int:
        """Number of the layout in use."""
        return self._node.GetViewArrangement()

    @layout.setter
    def layout(self, layout: int) -> None:
        self.setLayout(layout)

    @property
    def _node(self) -> Any:
        return self._logic.GetLayoutNode()

    def setLayout(self, layout: int) -> None:
        """Use another layout; the views in it that were not there are made."""
        before = self.layout
        self._node.SetViewArrangement(layout)
        for name in self.sliceViewNames():
            self.sliceView(name)
        if self.layout != before:
            self.layoutChanged.emit(layout)

    def layoutLogic(self) -> Any:
        """The real vtkMRMLLayoutLogic."""
        return self._logic

    def mrmlScene(self) -> Any:
        """The scene that is shown."""
        return slicer.mrmlScene

    def sliceViewNames(self) -> tuple[str, ...]:
        """Layout names of all slice views that there have been."""
        return tuple(node.GetLayoutName() for node in slicer.util.getNodesByClass("vtkMRMLSliceNode"))

    @property
    def threeDViewCount(self) -> int:
        """How many 3D views there have been."""
        return len(slicer.util.getNodesByClass("vtkMRMLViewNode"))

    @property
    def tableViewCount(self) -> int:
        """How many table views there are: none is made here."""
        return 0

    @property
    def plotViewCount(self) -> int:
        """How many plot views there are: none is made here."""
        return 0

    def sliceWidget(self, name: str) -> _SliceWidget | None:
        """The slice view of that layout name; None if there is none."""
        view = self.sliceView(name)
        return None if view is None else _SliceWidget(view)

    def threeDWidget(self, index: int) -> _ThreeDWidget | None:
        """A 3D view by its number; None if there is none."""
        view = self.threeDView(index)
        return None if view is None else _ThreeDWidget(view)

    def mrmlSliceLogics(self) -> Any:
        """A vtkCollection of the logics of all slice views."""
        return slicer.app.applicationLogic().GetSliceLogics()

    def resetSliceViews(self) -> None:
        """Let each slice view show the whole background volume."""
        for name in self.sliceViewNames():
            self.sliceView(name).fit()

    def resetThreeDViews(self) -> None:
        """Let each 3D view show all there is."""
        for index in range(self.threeDViewCount):
            self.threeDView(index).fit()

    def sliceView(self, name: str) -> Any:
        """The picture behind `sliceWidget(name)` (test code only)."""
        return self._view_of("vtkMRMLSliceNode", lambda node, _: node.GetLayoutName() == name, SliceView)

    def threeDView(self, index: int = 0) -> Any:
        """The picture behind `threeDWidget(index)` (test code only)."""
        return self._view_of("vtkMRMLViewNode", lambda _, position: position == index, ThreeDView)

    def view_of_node(self, node: Any) -> View | PlotView:
        """The picture of the view of a slice, 3D or plot view node (test code only)."""
        kind = {"vtkMRMLSliceNode": SliceView, "vtkMRMLViewNode": ThreeDView, "vtkMRMLPlotViewNode": PlotView}[
            node.GetClassName()
        ]
        return self._view_of(node.GetClassName(), lambda other, _: other is node, kind)

    def forget_slice_views(self, names: Collection[str]) -> None:
        """Let the slice views of these layout names be made anew when they are next shown (test code only)."""
        for key, view in list(self._views.items()):
            if isinstance(view, SliceView) and view.node.GetLayoutName() in names:
                slicer.app.applicationLogic().GetSliceLogics().RemoveItem(view.logic)
                del self._views[key]

    def _view_of(self, class_name: str, wanted: Any, kind: Any) -> Any:
        for position, node in enumerate(slicer.util.getNodesByClass(class_name)):
            if wanted(node, position):
                if node.GetID() not in self._views:
                    self._views[node.GetID()] = kind(node)
                return self._views[node.GetID()]
        return None
