"""The layout for reading: known, complete, and filled with table and chart."""

import slicer

from HemorrhageUncertaintyLib.distribution_plot import makeDistributionPlot
from HemorrhageUncertaintyLib.layout import LAYOUT, LAYOUT_ID, registerLayouts, showLayout, showPlot, showTable


def shown(class_name):
    """Layout names of the views of the present layout, with repetitions."""
    nodes = slicer.app.layoutManager().layoutLogic().GetViewNodes()
    found = [nodes.GetItemAsObject(index) for index in range(nodes.GetNumberOfItems())]
    return sorted(node.GetLayoutName() for node in found if node.IsA(class_name))


def test_layout_has_every_view_once():
    manager = slicer.app.layoutManager()
    showLayout(manager)
    assert manager.layoutLogic().GetLayoutNode().GetViewArrangement() == LAYOUT_ID
    assert shown("vtkMRMLSliceNode") == ["Green", "Red", "Yellow"]
    assert shown("vtkMRMLViewNode") == ["1"]
    assert shown("vtkMRMLTableViewNode") == ["TableView1"]
    assert shown("vtkMRMLPlotViewNode") == ["PlotView1"]
    orientations = [manager.sliceWidget(name).mrmlSliceNode().GetOrientation() for name in ("Red", "Green", "Yellow")]
    assert orientations == ["Axial", "Coronal", "Sagittal"]


def test_registering_again_changes_nothing():
    node = slicer.app.layoutManager().layoutLogic().GetLayoutNode()
    registerLayouts(node)
    count = len(node.GetLayoutIndices())
    registerLayouts(node)
    assert len(node.GetLayoutIndices()) == count
    assert node.GetLayoutDescription(LAYOUT_ID) == LAYOUT
    standard = [value for name, value in vars(slicer.vtkMRMLLayoutNode).items() if name.startswith("SlicerLayout")]
    assert LAYOUT_ID not in standard


def test_table_and_chart_come_into_their_views(result):
    showLayout(slicer.app.layoutManager())
    chart = makeDistributionPlot(result)
    showTable(result.node("lesionsTable"))
    showPlot(chart)
    [table_view] = slicer.util.getNodesByClass("vtkMRMLTableViewNode")
    [plot_view] = slicer.util.getNodesByClass("vtkMRMLPlotViewNode")
    assert table_view.GetTableNodeID() == result.node("lesionsTable").GetID()
    assert plot_view.GetPlotChartNodeID() == chart.GetID()
