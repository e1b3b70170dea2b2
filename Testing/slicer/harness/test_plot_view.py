"""Charts as pictures: lines lie where the table says."""

import numpy as np
import pytest
import slicer

from harness.slicer_application.view_area import window_with_views
from HemorrhageUncertaintyLib.layout import showLayout, showPlot


@pytest.fixture
def chart(scene):
    """A chart with one red line from (0, 0) to (10, 1)."""
    table = scene.AddNewNodeByClass("vtkMRMLTableNode")
    slicer.util.updateTableFromArray(table, np.array([[0.0, 0.0], [10.0, 1.0]]), ["x", "y"])
    series = scene.AddNewNodeByClass("vtkMRMLPlotSeriesNode", "line")
    series.SetAndObserveTableNodeID(table.GetID())
    series.SetPlotType(slicer.vtkMRMLPlotSeriesNode.PlotTypeScatter)
    series.SetXColumnName("x")
    series.SetYColumnName("y")
    series.SetMarkerStyle(slicer.vtkMRMLPlotSeriesNode.MarkerStyleNone)
    series.SetLineWidth(2)
    series.SetColor(1, 0, 0)
    chart = scene.AddNewNodeByClass("vtkMRMLPlotChartNode")
    chart.AddAndObservePlotSeriesNodeID(series.GetID())
    chart.SetLegendVisibility(False)
    return chart


@pytest.fixture
def view(chart):
    """The plot view of the layout for reading, showing the chart."""
    showLayout(slicer.app.layoutManager())
    showPlot(chart)
    view = slicer.app.layoutManager().view_of_node(slicer.util.getNodesByClass("vtkMRMLPlotViewNode")[0])
    view.resize(300, 200)
    return view


def _red(pixels):
    return np.nonzero((pixels[..., 0] > 200) & (pixels[..., 1] < 90) & (pixels[..., 2] < 90))


def test_line_rises_from_left_to_right(view):
    pixels = view.pixels()
    assert pixels.shape == (200, 300, 3)
    rows, columns = _red(pixels)
    assert np.corrcoef(rows, columns)[0, 1] < -0.99  # row 0 is the top
    assert np.ptp(columns) > 200


def test_fixed_range_of_an_axis_is_kept(view, chart):
    chart.SetYAxisRangeAuto(False)
    chart.SetYAxisRange(0.0, 2.0)
    rows, _ = _red(view.pixels())
    assert 60 < rows.min() < 120  # of 200: the line ends at half of the height


def test_what_cannot_be_drawn_is_an_error(view, chart):
    chart.GetNthPlotSeriesNode(0).SetPlotType(slicer.vtkMRMLPlotSeriesNode.PlotTypeBar)
    with pytest.raises(NotImplementedError, match="line"):
        view.pixels()


def test_window_shows_the_table_and_the_plot_of_its_layout(view, main_window):
    table = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTableNode")
    slicer.util.getNodesByClass("vtkMRMLTableViewNode")[0].SetTableNodeID(table.GetID())
    image = window_with_views(main_window, 900, 600).toImage()
    (shown,) = main_window.findChildren(slicer.qMRMLTableView)
    assert shown.mrmlTableNode() is table
    colors = [image.pixelColor(x, y) for x in range(540, 900) for y in range(430, 580)]
    assert sum(color.red() > 200 and color.green() < 90 for color in colors) > 100  # the line of the plot, on the lower right
