"""The distribution of the volume over the samples, as a chart: the probability that a volume is above each number of mL."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any

import numpy as np
import slicer
from numpy.typing import NDArray
from slicer.i18n import tr as _

from hemorrhage.hemorrhage_class import CLASS_COLOURS

from .step_runner import allSteps
from .table_node import Column, ColumnType, fillTable
from .tables import TOTAL

_TOTAL_COLOR = (0.45, 0.5, 0.55)
#: The axis goes on so far, since the legend lies over its end.
_ROOM_FOR_LEGEND = 1.3
_SERIES_ROLE = "distributionSeries."


def exceedance(samplesMl: NDArray[np.floating]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the corners of the step curve of the share of samples above a volume.

    Parameters
    ----------
    samplesMl : (M,) float
        Volume in each sample, in mL.

    Returns
    -------
    volumes, shares : (2 M + 2,) float64
        From (0, 1) to (the largest sample, 0): before the smallest sample every sample is above, from each sample on one less.
    """
    ordered = np.sort(np.asarray(samplesMl, dtype=np.float64))
    shares = np.linspace(1.0, 0.0, ordered.size + 1)
    return np.concatenate([[0.0], np.repeat(ordered, 2), ordered[-1:]]), np.repeat(shares, 2)


def makeDistributionPlot(result):
    """Fill the chart of a result at once, and return it; see `distributionPlotSteps`."""
    return allSteps(distributionPlotSteps(result))


def distributionPlotSteps(result) -> Generator[None, None, Any]:
    """Fill the chart of a result, one node each step; chart, series and their table are made once and used again.

    One curve for each subtype that any sample contains, in its color, and one in gray for the total where there is more than
    one subtype. At the table's threshold a curve shows the table's probability.

    Parameters
    ----------
    result : HemorrhageResult

    Returns
    -------
    vtkMRMLPlotChartNode
    """
    curves = _curves(result.summary["volumes"])
    table = _node(result, "distributionTable", "vtkMRMLTableNode", _("Volume distribution"))
    columns = []
    for name, (volumes, shares) in curves.items():
        columns.append(Column(f"{name}_ml", _("{name} volume").format(name=name), ColumnType.NUMBER, volumes, "mL"))
        columns.append(Column(f"{name}_above", _("{name} share above").format(name=name), ColumnType.NUMBER, shares, decimals=5))
    fillTable(table, columns)
    yield
    chart = _node(result, "distributionPlot", "vtkMRMLPlotChartNode", _("Volume distribution"))
    series = []
    for volume in result.summary["volumes"]:
        name = volume["name"]
        if name in curves:
            series.append(_series(result, name, table))
            yield
        elif result.node(_SERIES_ROLE + name) is not None:
            slicer.mrmlScene.RemoveNode(result.node(_SERIES_ROLE + name))
    wasModifying = chart.StartModify()
    chart.RemoveAllPlotSeriesNodeIDs()
    for each in series:
        chart.AddAndObservePlotSeriesNodeID(each.GetID())
    chart.SetTitle(_("How likely is a larger volume? (not calibrated)"))
    chart.SetXAxisTitle(_("Volume (mL)"))
    chart.SetYAxisTitle(_("Probability of more"))
    largest = max((float(volumes[-1]) for volumes, _shares in curves.values()), default=1.0)
    chart.SetXAxisRangeAuto(False)
    chart.SetXAxisRange(0.0, _ROOM_FOR_LEGEND * largest)
    chart.SetYAxisRangeAuto(False)
    chart.SetYAxisRange(0.0, 1.05)
    chart.SetLegendVisibility(True)
    chart.SetTitleFontSize(14)
    chart.SetAxisTitleFontSize(13)
    chart.SetLegendFontSize(12)
    chart.EndModify(wasModifying)
    yield
    return chart


def _curves(volumes: list[Mapping]) -> dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Return the curves by name. All have equally many corners, because all have a value of every sample."""
    found = {volume["name"]: np.asarray(volume["samples_ml"]) for volume in volumes if max(volume["samples_ml"]) > 0}
    if len(found) == 2:  # the total of a single subtype says nothing new
        found.pop(TOTAL, None)
    return {name: exceedance(samples) for name, samples in found.items()}


def _series(result, name: str, table):
    series = _node(result, _SERIES_ROLE + name, "vtkMRMLPlotSeriesNode", name)
    color = tuple(value / 255 for value in CLASS_COLOURS[name]) if name in CLASS_COLOURS else _TOTAL_COLOR
    wasModifying = series.StartModify()
    series.SetAndObserveTableNodeID(table.GetID())
    series.SetPlotType(slicer.vtkMRMLPlotSeriesNode.PlotTypeScatter)
    series.SetXColumnName(f"{name}_ml")
    series.SetYColumnName(f"{name}_above")
    series.SetMarkerStyle(slicer.vtkMRMLPlotSeriesNode.MarkerStyleNone)
    isTotal = name == TOTAL
    series.SetLineStyle(slicer.vtkMRMLPlotSeriesNode.LineStyleDash if isTotal else slicer.vtkMRMLPlotSeriesNode.LineStyleSolid)
    series.SetLineWidth(2)
    series.SetColor(*color)
    series.EndModify(wasModifying)
    return series


def _node(result, role: str, className: str, name: str):
    node = result.node(role)
    if node is None:
        node = slicer.mrmlScene.AddNewNodeByClass(className, name)
        result.setNode(role, node)
    return node
