"""Slice and 3D views: the real displayable managers and view logics, rendered into memory instead of onto a screen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import slicer
import vtk
import vtkmodules.vtkInteractionStyle
import vtkmodules.vtkRenderingOpenGL2
import vtkmodules.vtkRenderingVolumeOpenGL2  # noqa: F401

from harness.slicer_application.pixels import pixels_of, save_pixels

SIZE = (400, 400)
SLICE_MANAGERS = (
    "vtkMRMLVolumeGlyphSliceDisplayableManager",
    "vtkMRMLModelSliceDisplayableManager",
    "vtkMRMLCrosshairDisplayableManager",
    "vtkMRMLOrientationMarkerDisplayableManager",
    "vtkMRMLRulerDisplayableManager",
    "vtkMRMLScalarBarDisplayableManager",
    "vtkMRMLSegmentationsDisplayableManager2D",
    "vtkMRMLMarkupsDisplayableManager",
    "vtkMRMLTransformsDisplayableManager2D",
    "vtkMRMLColorLegendDisplayableManager",
)
THREE_D_MANAGERS = (
    "vtkMRMLVolumeRenderingDisplayableManager",
    "vtkMRMLCameraDisplayableManager",
    "vtkMRMLViewDisplayableManager",
    "vtkMRMLModelDisplayableManager",
    "vtkMRMLThreeDReformatDisplayableManager",
    "vtkMRMLCrosshairDisplayableManager3D",
    "vtkMRMLOrientationMarkerDisplayableManager",
    "vtkMRMLRulerDisplayableManager",
    "vtkMRMLSegmentationsDisplayableManager3D",
    "vtkMRMLMarkupsDisplayableManager",
    "vtkMRMLTransformsDisplayableManager3D",
    "vtkMRMLColorLegendDisplayableManager",
)


class View:
    """A render window with the displayable managers of one kind of view.

    Parameters
    ----------
    factory : vtkMRMLDisplayableManagerFactory
        Of slice or of 3D views; the managers are registered with it when they are not yet.
    managers : tuple of str
        Class names of the displayable managers, in the order in which they are made.
    size : (width, height)
        In pixels.
    """

    def __init__(self, factory: Any, managers: tuple[str, ...], size: tuple[int, int]) -> None:
        self.renderer = vtk.vtkRenderer()
        self.renderWindow = vtk.vtkRenderWindow()
        self.renderWindow.SetOffScreenRendering(True)
        self.renderWindow.SetShowWindow(False)
        self.renderWindow.SetMultiSamples(0)
        self.renderWindow.SetSize(*size)
        self.renderWindow.AddRenderer(self.renderer)
        self.interactor = vtk.vtkRenderWindowInteractor()
        self.interactor.SetRenderWindow(self.renderWindow)
        self.interactor.Initialize()
        factory.SetMRMLApplicationLogic(slicer.app.applicationLogic())
        for name in managers:
            if not factory.IsDisplayableManagerRegistered(name):
                factory.RegisterDisplayableManager(name)
        self.managers = slicer.vtkMRMLDisplayableManagerGroup()
        self.managers.SetRenderer(self.renderer)
        self.managers.Initialize(factory, self.renderer)

    def render(self) -> None:
        """Bring the picture up to date."""
        self.renderWindow.Render()

    def pixels(self) -> np.ndarray:
        """Render; (height, width, 3) uint8, the top row first."""
        self.render()
        return pixels_of(self.renderWindow)

    def save(self, path: Path) -> None:
        """Render into a PNG file."""
        save_pixels(self.pixels(), path)

    def resize(self, width: int, height: int) -> None:
        """Change the size in pixels."""
        self.renderWindow.SetSize(width, height)


class SliceView(View):
    """A slice view for one slice node, as the application's qMRMLSliceView and its controller make it.

    Parameters
    ----------
    node : vtkMRMLSliceNode
        Already in the scene.
    size : (width, height), optional
        In pixels.
    """

    def __init__(self, node: Any, size: tuple[int, int] = SIZE) -> None:
        super().__init__(slicer.vtkMRMLSliceViewDisplayableManagerFactory.GetInstance(), SLICE_MANAGERS, size)
        self.node = node
        self.renderer.GetActiveCamera().ParallelProjectionOn()
        self.renderWindow.SetNumberOfLayers(2)  # markers and legends are drawn in the second
        self.renderWindow.SetAlphaBitPlanes(1)
        overlay = vtk.vtkRenderer()
        overlay.GetActiveCamera().ParallelProjectionOn()
        overlay.SetLayer(1)
        self.renderWindow.AddRenderer(overlay)
        # CTK's light box draws the blended layers in the application; one image actor does the same.
        self._mapper = vtk.vtkImageMapper()
        self._mapper.SetColorWindow(255)
        self._mapper.SetColorLevel(127.5)
        self._image = vtk.vtkActor2D()
        self._image.SetMapper(self._mapper)
        self._image.GetProperty().SetDisplayLocationToBackground()
        self._image.VisibilityOff()
        self.renderer.AddViewProp(self._image)
        # CTK's view has one of its own for every view, with this height of a line.
        self.cornerAnnotation = vtk.vtkCornerAnnotation()
        self.cornerAnnotation.SetMaximumLineHeight(0.07)
        self.renderer.AddViewProp(self.cornerAnnotation)
        application_logic = slicer.app.applicationLogic()
        self.logic = slicer.vtkMRMLSliceLogic()
        self.logic.SetMRMLApplicationLogic(application_logic)
        application_logic.GetSliceLogics().AddItem(self.logic)
        self.logic.SetMRMLScene(slicer.mrmlScene)
        self.logic.SetSliceNode(node)
        self.managers.SetMRMLDisplayableNode(node)
        self.logic.ResizeSliceNode(*size)

    @property
    def composite(self) -> Any:
        """The vtkMRMLSliceCompositeNode, which says what the layers show."""
        return self.logic.GetSliceCompositeNode()

    def render(self) -> None:
        """Bring the picture up to date."""
        layers = self.logic.GetImageDataConnection()
        self._mapper.SetInputConnection(layers)
        self._image.SetVisibility(layers is not None)
        super().render()

    def resize(self, width: int, height: int) -> None:
        """Change the size in pixels; what is seen keeps its scale."""
        super().resize(width, height)
        self.logic.ResizeSliceNode(width, height)

    def fit(self) -> None:
        """Show the whole background volume."""
        self.logic.FitSliceToBackground()
        self.logic.SnapSliceOffsetToIJK()


class ThreeDView(View):
    """A 3D view for one view node, as the application's qMRMLThreeDView makes it.

    Parameters
    ----------
    node : vtkMRMLViewNode
        Already in the scene.
    size : (width, height), optional
        In pixels.
    """

    def __init__(self, node: Any, size: tuple[int, int] = SIZE) -> None:
        super().__init__(slicer.vtkMRMLThreeDViewDisplayableManagerFactory.GetInstance(), THREE_D_MANAGERS, size)
        self.node = node
        self.renderWindow.SetNumberOfLayers(2)
        self.renderWindow.SetAlphaBitPlanes(1)
        self.renderer.SetUseDepthPeeling(True)
        self.renderer.SetUseDepthPeelingForVolumes(True)
        application_logic = slicer.app.applicationLogic()
        self.logic = slicer.vtkMRMLViewLogic()
        self.logic.SetMRMLApplicationLogic(application_logic)
        application_logic.GetViewLogics().AddItem(self.logic)
        self.logic.SetMRMLScene(slicer.mrmlScene)
        self.managers.SetMRMLDisplayableNode(node)

    @property
    def camera(self) -> Any:
        """The vtkMRMLCameraNode that looks at this view."""
        return slicer.modules.cameras.logic().GetViewActiveCameraNode(self.node)

    def fit(self) -> None:
        """Aim the camera at what is shown, box and labels aside."""
        box, labels = self.node.GetBoxVisible(), self.node.GetAxisLabelsVisible()
        self.node.SetBoxVisible(False)
        self.node.SetAxisLabelsVisible(False)
        self.render()
        bounds = np.zeros(6)
        self.renderer.ComputeVisiblePropBounds(bounds)
        if vtk.vtkMath.AreBoundsInitialized(bounds):
            self.camera.GetCamera().SetFocalPoint(*(bounds[0::2] + bounds[1::2]) / 2)
            self.renderer.ResetCamera(bounds)
        self.node.SetBoxVisible(box)
        self.node.SetAxisLabelsVisible(labels)
