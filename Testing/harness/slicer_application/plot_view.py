"""Plot views: charts drawn by VTK, as the application's qMRMLPlotView has it drawn, but into memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import slicer
import vtk
import vtkmodules.vtkRenderingContextOpenGL2  # noqa: F401

from harness.slicer_application.pixels import pixels_of, save_pixels

SIZE = (400, 300)
_BACKGROUND = (255, 253, 246, 255)
_LINE_STYLES = {
    slicer.vtkMRMLPlotSeriesNode.LineStyleNone: vtk.vtkPen.NO_PEN,
    slicer.vtkMRMLPlotSeriesNode.LineStyleSolid: vtk.vtkPen.SOLID_LINE,
    slicer.vtkMRMLPlotSeriesNode.LineStyleDash: vtk.vtkPen.DASH_LINE,
    slicer.vtkMRMLPlotSeriesNode.LineStyleDot: vtk.vtkPen.DOT_LINE,
    slicer.vtkMRMLPlotSeriesNode.LineStyleDashDot: vtk.vtkPen.DASH_DOT_LINE,
    slicer.vtkMRMLPlotSeriesNode.LineStyleDashDotDot: vtk.vtkPen.DASH_DOT_DOT_LINE,
}


class PlotView:
    """The chart that a plot view node shows. Series are lines without markers; other kinds are an error.

    Parameters
    ----------
    node : vtkMRMLPlotViewNode
        Already in the scene.
    size : (width, height), optional
        In pixels.
    """

    def __init__(self, node: Any, size: tuple[int, int] = SIZE) -> None:
        self.node = node
        self._size = size

    def resize(self, width: int, height: int) -> None:
        """Change the size in pixels."""
        self._size = (width, height)

    def pixels(self) -> np.ndarray:
        """Draw the chart; (height, width, 3) uint8, the top row first. White where the view shows none."""
        view = vtk.vtkContextView()
        window = view.GetRenderWindow()
        window.SetOffScreenRendering(True)
        window.SetShowWindow(False)
        window.SetMultiSamples(8)
        window.SetSize(*self._size)
        view.GetRenderer().SetBackground(1, 1, 1)
        if (chart := self.node.GetPlotChartNode()) is not None:
            view.GetScene().AddItem(_drawing(chart))
        return pixels_of(window)

    def save(self, path: Path) -> None:
        """Draw into a PNG file."""
        save_pixels(self.pixels(), path)


def _drawing(node: Any) -> Any:
    """Return a vtkChartXY with what a vtkMRMLPlotChartNode says."""
    drawing = vtk.vtkChartXY()
    drawing.GetBackgroundBrush().SetColor(*_BACKGROUND)
    for index in range(node.GetNumberOfPlotSeriesNodes()):
        drawing.AddPlot(_line(node.GetNthPlotSeriesNode(index)))
    drawing.SetTitle((node.GetTitle() or "") if node.GetTitleVisibility() else "")
    drawing.GetTitleProperties().SetFontSize(node.GetTitleFontSize())
    drawing.SetShowLegend(node.GetLegendVisibility())
    drawing.GetLegend().GetLabelProperties().SetFontSize(node.GetLegendFontSize())
    for position, axis_letter in ((vtk.vtkAxis.BOTTOM, "X"), (vtk.vtkAxis.LEFT, "Y")):
        axis = drawing.GetAxis(position)
        axis.SetTitle(getattr(node, f"Get{axis_letter}AxisTitle")() or "")
        axis.SetGridVisible(node.GetGridVisibility())
        if not getattr(node, f"Get{axis_letter}AxisRangeAuto")():
            axis.SetBehavior(vtk.vtkAxis.FIXED)
            axis.SetUnscaledRange(*getattr(node, f"Get{axis_letter}AxisRange")())
        axis.GetTitleProperties().SetFontSize(node.GetAxisTitleFontSize())
        axis.GetTitleProperties().SetBold(False)
        axis.GetLabelProperties().SetFontSize(node.GetAxisLabelFontSize())
    return drawing


def _line(series: Any) -> Any:
    kinds = (slicer.vtkMRMLPlotSeriesNode.PlotTypeScatter, slicer.vtkMRMLPlotSeriesNode.PlotTypeLine)
    if series.GetPlotType() not in kinds or series.GetMarkerStyle() != slicer.vtkMRMLPlotSeriesNode.MarkerStyleNone:
        raise NotImplementedError(f"the stand-in draws lines only, not what {series.GetName()} is")
    line = vtk.vtkPlotLine()
    line.SetInputData(series.GetTableNode().GetTable(), series.GetXColumnName(), series.GetYColumnName())
    line.SetUseIndexForXSeries(not series.IsXColumnRequired())
    line.SetLabel(series.GetName())
    line.SetWidth(series.GetLineWidth())
    line.SetColorF(*series.GetColor())
    line.GetPen().SetOpacityF(series.GetOpacity())
    line.GetPen().SetLineType(_LINE_STYLES[series.GetLineStyle()])
    line.SetMarkerStyle(vtk.vtkPlotPoints.NONE)
    return line
