"""Tables of a result: what they say, how they are typed, and that they are used again."""

from copy import deepcopy

import numpy as np
import pytest
import qt
import slicer

from HemorrhageUncertaintyLib.distribution_plot import exceedance, makeDistributionPlot
from HemorrhageUncertaintyLib.hemorrhage_result import HemorrhageResult
from HemorrhageUncertaintyLib.sections.volumes_table import VolumesTable
from HemorrhageUncertaintyLib.table_node import Column, ColumnType, columnValues, fillTable, setColumnValues
from HemorrhageUncertaintyLib.tables import makeTables, setThresholdMl, thresholdsMl


def test_volumes_table_says_what_the_engine_measured(result):
    table = result.node("volumesTable")
    rows = result.summary["volumes"]
    assert columnValues(table, "subtype") == ["EDH", "IPH", "IVH", "SAH", "SDH", "total"]
    for name in ("volume_ml", "low_ml", "high_ml", "abc2_ml", "mean_uncertainty", "probability_exceeds"):
        assert columnValues(table, name) == pytest.approx([row[name] for row in rows], abs=5e-4)
    assert columnValues(table, "lesions") == [row["lesions"] for row in rows]
    assert columnValues(table, "volume_ml")[1] > 10


def test_volumes_equal_segment_statistics(result):
    """Segment Statistics counts voxels of the segment's label map in world space and multiplies by its spacing."""
    table, segmentation = result.node("volumesTable"), result.segmentation
    volumes = dict(zip(columnValues(table, "subtype"), columnValues(table, "volume_ml"), strict=True))
    for segment in segmentation.GetSegmentation().GetSegmentIDs():
        image = slicer.vtkOrientedImageData()
        segmentation.GetBinaryLabelmapRepresentation(segment, image)
        count = np.count_nonzero(slicer.util.arrayFromSegmentBinaryLabelmap(segmentation, segment, result.ct))
        assert volumes[segment] == pytest.approx(count * np.prod(image.GetSpacing()) / 1000, abs=5e-4)


def test_columns_have_types_titles_and_units(result):
    table = result.node("volumesTable")
    assert table.GetTable().GetColumnByName("subtype").IsA("vtkStringArray")
    assert table.GetTable().GetColumnByName("volume_ml").IsA("vtkDoubleArray")
    assert table.GetTable().GetColumnByName("lesions").IsA("vtkIntArray")
    assert table.GetColumnTitle("volume_ml") == "Volume"
    assert table.GetColumnUnitLabel("volume_ml") == "mL"
    assert table.GetColumnUnitLabel("mean_uncertainty") == ""
    assert table.GetUseColumnTitleAsColumnHeader()
    assert table.GetLocked()


def test_threshold_is_counted_in_the_samples_and_kept(result):
    samples = next(row["samples_ml"] for row in result.summary["volumes"] if row["name"] == "IPH")
    middle = float(np.median(samples))
    setThresholdMl(result, middle, "IPH")
    table = result.node("volumesTable")
    row = columnValues(table, "subtype").index("IPH")
    assert columnValues(table, "exceeds_ml")[row] == pytest.approx(middle, abs=5e-4)
    assert columnValues(table, "probability_exceeds")[row] == np.mean(np.array(samples) > middle) == 0.5
    assert columnValues(table, "exceeds_ml")[-1] == 30
    makeTables(result)
    assert columnValues(table, "exceeds_ml")[row] == pytest.approx(middle, abs=5e-4)
    setThresholdMl(result, 0.0)
    assert set(thresholdsMl(result).values()) == {0.0}
    assert columnValues(table, "probability_exceeds") == columnValues(table, "probability_present")


def test_unusable_thresholds_are_refused(result):
    with pytest.raises(ValueError, match="zero or more mL"):
        setThresholdMl(result, -1.0)
    with pytest.raises(KeyError):
        setThresholdMl(result, 1.0, "ICH")


def test_lesions_and_places(result):
    lesions, places = result.node("lesionsTable"), result.node("placesTable")
    listed = result.summary["lesions"]
    assert columnValues(lesions, "number") == [row["number"] for row in listed]
    assert columnValues(lesions, "slice") == [row["nearest_slice"] + 1 for row in listed]
    iph = columnValues(lesions, "subtype").index("IPH")
    assert columnValues(lesions, "r_mm")[iph] < -20  # patient's left
    assert columnValues(lesions, "probability")[iph] > 0.5
    assert columnValues(places, "rank") == list(range(1, len(result.summary["places"]) + 1))
    assert all(" / " in text for text in columnValues(places, "subtypes"))


def test_repetition_makes_no_nodes(result):
    makeDistributionPlot(result)
    before = slicer.mrmlScene.GetNumberOfNodes()
    identifiers = {role: result.node(role).GetID() for role in result.roles}
    for _round in range(3):
        makeTables(result)
        makeDistributionPlot(result)
    assert slicer.mrmlScene.GetNumberOfNodes() == before
    assert {role: result.node(role).GetID() for role in result.roles} == identifiers


def test_nothing_is_left_of_a_removed_result(result):
    makeDistributionPlot(result)
    ct = result.ct
    result.remove()
    assert not HemorrhageResult.all()
    kinds = ("vtkMRMLTableNode", "vtkMRMLPlotChartNode", "vtkMRMLPlotSeriesNode")
    assert not [node.GetName() for kind in kinds for node in slicer.util.getNodesByClass(kind)]
    assert slicer.mrmlScene.GetNodeByID(ct.GetID()) is ct


def test_exceedance_is_the_share_of_samples_above():
    samples = np.array([5.0, 1.0, 3.0, 3.0])
    volumes, shares = exceedance(samples)
    assert volumes.shape == shares.shape == (10,)
    assert (volumes[0], shares[0], shares[-1]) == (0.0, 1.0, 0.0)
    for threshold in (0.5, 2.0, 4.0):
        at = shares[np.searchsorted(volumes, threshold, side="right") - 1]
        assert at == np.mean(samples > threshold)


def test_distribution_has_a_curve_for_each_subtype_found_and_the_total(result):
    chart = makeDistributionPlot(result)
    names = [chart.GetNthPlotSeriesNode(index).GetName() for index in range(chart.GetNumberOfPlotSeriesNodes())]
    found = [row["name"] for row in result.summary["volumes"] if max(row["samples_ml"]) > 0]
    assert names == found
    assert names[-1] == "total"
    series = chart.GetNthPlotSeriesNode(0)
    table = series.GetTableNode()
    assert columnValues(table, series.GetYColumnName())[0] == 1.0
    assert max(columnValues(table, series.GetXColumnName())) == pytest.approx(
        max(next(row["samples_ml"] for row in result.summary["volumes"] if row["name"] == names[0])), abs=5e-4
    )
    assert "mL" in chart.GetXAxisTitle()
    assert not chart.GetYAxisRangeAuto()
    largest = max(max(row["samples_ml"]) for row in result.summary["volumes"])
    assert chart.GetXAxisRange()[1] > 1.2 * largest  # where the legend lies, no curve ends


def test_columns_of_different_length_are_refused():
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTableNode")
    columns = [Column("a", "A", ColumnType.TEXT, ["x"]), Column("b", "B", ColumnType.COUNT, [1, 2])]
    with pytest.raises(ValueError, match="one length"):
        fillTable(node, columns)
    fillTable(node, [columns[1]])
    with pytest.raises(ValueError, match="2 rows"):
        setColumnValues(node, "b", [1])
    with pytest.raises(KeyError):
        columnValues(node, "a")


def test_withheld_interval_has_no_ends_and_the_header_says_that_it_is_calibrated(result):
    summary = deepcopy(result.summary)
    summary["provenance"]["calibration"] = {"level": 0.9, "cases": 100, "data": "phantoms", "temperature": 1.0, "applies": True}
    for row in summary["volumes"][1:]:
        row["low_ml"], row["high_ml"] = 1.0, 50.0
    summary["volumes"][0].update(low_ml=None, high_ml=None)
    stated = HemorrhageResult.create(result.ct, summary, "calibrated")
    makeTables(stated)
    table = stated.node("volumesTable")
    assert np.isnan(columnValues(table, "low_ml")).tolist() == [True] + [False] * 5
    assert columnValues(table, "high_ml")[1:] == [50.0] * 5
    assert "calibrated 90 % interval" in table.GetColumnDescription("low_ml")
    assert "not calibrated" in result.node("volumesTable").GetColumnDescription("low_ml")
    widget = qt.QTableWidget()
    VolumesTable(widget, print).show(stated)
    intervals = [widget.item(row, 3).text() for row in range(widget.rowCount)]
    assert intervals == ["withheld"] + ["1.0 \u2013 50.0"] * 5
    assert "calibrated 90 % interval" in widget.horizontalHeaderItem(3).toolTip()
