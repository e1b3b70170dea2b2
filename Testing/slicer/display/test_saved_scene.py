"""What a saved scene brings back: maps as they were shown, chart, surfaces, the head."""

import pytest
import slicer

from HemorrhageUncertaintyLib.distribution_plot import makeDistributionPlot
from HemorrhageUncertaintyLib.head_rendering import isHeadShown, showHead
from HemorrhageUncertaintyLib.heat_map import HeatMap
from HemorrhageUncertaintyLib.hemorrhage_result import HemorrhageResult
from HemorrhageUncertaintyLib.surfaces import showSurfaces
from HemorrhageUncertaintyLib.table_node import columnValues
from HemorrhageUncertaintyLib.tables import makeTables, setThresholdMl, thresholdsMl
from HemorrhageUncertaintyLib.views import showOutlines


@pytest.fixture
def loaded(result, tmp_path):
    """The result after saving, closing and loading a scene in which everything was chosen differently than at first."""
    slicer.app.layoutManager().setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView)
    heat_map = HeatMap(result)
    heat_map.show("mutualInformation")
    heat_map.setOpacity(0.35)
    heat_map.setRange(0.01, 0.06)
    heat_map.setThreshold(0.02)
    setThresholdMl(result, 12.5)
    makeDistributionPlot(result)
    showOutlines(result.segmentation)
    showSurfaces(result.segmentation)
    showHead(result.ct)
    path = tmp_path / "scene.mrb"
    assert slicer.util.saveScene(str(path))
    slicer.mrmlScene.Clear(False)
    slicer.util.loadScene(str(path))
    [found] = HemorrhageResult.all()
    return found


def test_heat_map_is_as_it_was(loaded):
    heat_map = HeatMap(loaded)
    assert heat_map.name == "mutualInformation"
    assert heat_map.isShown
    assert heat_map.opacity == 0.35
    assert heat_map.range == pytest.approx((0.01, 0.06))
    assert heat_map.threshold == pytest.approx(0.02)
    views = slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode")
    assert {view.GetForegroundOpacity() for view in views} == {0.35}
    heat_map.show()  # the display that came with the scene counts as prepared
    assert heat_map.range == pytest.approx((0.01, 0.06))
    display = loaded.map("mutualInformation").GetDisplayNode()
    assert slicer.modules.colors.logic().GetColorLegendDisplayNode(display).GetTitleText() == "Mutual information\n(0 to 1)"
    assert len(slicer.util.getNodesByClass("vtkMRMLColorLegendDisplayNode")) == 1


def test_threshold_and_chart_are_as_they_were(loaded):
    assert set(thresholdsMl(loaded).values()) == {12.5}
    table = loaded.node("volumesTable")
    kept = columnValues(table, "probability_exceeds")
    makeTables(loaded)
    assert columnValues(table, "probability_exceeds") == kept
    chart = loaded.node("distributionPlot")
    series = chart.GetNthPlotSeriesNode(0)
    assert series.GetTableNode() is loaded.node("distributionTable")
    curve = columnValues(series.GetTableNode(), series.GetXColumnName())
    count = slicer.mrmlScene.GetNumberOfNodes()
    assert makeDistributionPlot(loaded) is chart
    assert columnValues(series.GetTableNode(), series.GetXColumnName()) == curve
    assert slicer.mrmlScene.GetNumberOfNodes() == count


def test_three_dimensional_view_is_as_it_was(loaded):
    assert loaded.segmentation.GetDisplayNode().GetVisibility3D()
    assert isHeadShown(loaded.ct)
    count = slicer.mrmlScene.GetNumberOfNodes()
    showSurfaces(loaded.segmentation)
    display = showHead(loaded.ct)
    assert display.GetVolumePropertyNode().GetScalarOpacity().GetValue(40) == 0
    assert slicer.mrmlScene.GetNumberOfNodes() == count
