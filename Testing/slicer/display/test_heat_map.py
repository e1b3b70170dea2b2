"""The heat map over the CT: which map, how opaque, from where to where; what is kept and what is put back."""

import numpy as np
import pytest
import slicer

from harness.result_in_scene import add_ct, write_result_folder
from harness.synthetic_segmentation import synthetic_segmentation, with_parts
from HemorrhageUncertaintyLib.ct_input import prepare
from HemorrhageUncertaintyLib.export import export
from HemorrhageUncertaintyLib.heat_map import HeatMap
from HemorrhageUncertaintyLib.map_volume import HEAT_COLORS
from HemorrhageUncertaintyLib.result_files import ResultFiles
from HemorrhageUncertaintyLib.result_nodes import importResult


@pytest.fixture
def views():
    """What says which volumes the slice views show."""
    slicer.app.layoutManager().setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView)
    return slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode")


def test_map_lies_over_the_ct_with_color_threshold_and_legend(result, views):
    heat_map = HeatMap(result)
    heat_map.show("entropy")
    for view in views:
        assert view.GetBackgroundVolumeID() == result.ct.GetID()
        assert view.GetForegroundVolumeID() == result.map("entropy").GetID()
        assert view.GetForegroundOpacity() == 0.5
    display = result.map("entropy").GetDisplayNode()
    assert display.GetColorNodeID() == HEAT_COLORS
    assert slicer.mrmlScene.GetNodeByID(HEAT_COLORS).GetNumberOfColors() == 256
    assert not display.GetAutoWindowLevel()
    assert display.GetApplyThreshold()
    assert 0 < display.GetLowerThreshold() < 0.1
    assert display.GetUpperThreshold() > result.map("entropy").GetImageData().GetScalarRange()[1]
    assert heat_map.range == pytest.approx((0, 0.387), abs=1e-3)
    legend = slicer.modules.colors.logic().GetColorLegendDisplayNode(display)
    assert legend.GetVisibility()
    assert legend.GetTitleText().startswith("Entropy\n(0 to 1")


def test_every_map_has_a_style(result, views):
    heat_map = HeatMap(result)
    assert heat_map.names()[:3] == ["variance", "entropy", "mutualInformation"]
    assert len(heat_map.names()) == 8
    titles = set()
    for name in heat_map.names():
        heat_map.show(name)
        assert heat_map.isShown
        assert heat_map.node is result.map(name)
        low, high = heat_map.range
        assert 0 == low < heat_map.threshold < high <= 1
        titles.add(heat_map.style(name).title)
    assert len(titles) == 8
    legends = slicer.util.getNodesByClass("vtkMRMLColorLegendDisplayNode")
    assert [legend.GetVisibility() for legend in legends] == [0] * 7 + [1]


def test_unknown_map_is_refused_and_nothing_changes(result, views):
    heat_map = HeatMap(result)
    heat_map.show("variance")
    with pytest.raises(KeyError):
        heat_map.show("probabilities.ICH")
    assert heat_map.name == "variance"
    assert heat_map.isShown


def test_blink_hides_and_brings_back_the_chosen_opacity(result, views):
    heat_map = HeatMap(result)
    heat_map.show("variance")
    heat_map.setOpacity(0.7)
    heat_map.blink()
    assert heat_map.isBlinkedOff
    assert {view.GetForegroundOpacity() for view in views} == {0}
    assert heat_map.opacity == 0.7
    HeatMap(result).blink()  # another view of the same result, as after loading a scene
    assert {view.GetForegroundOpacity() for view in views} == {0.7}
    assert not heat_map.isBlinkedOff


def test_what_a_user_changed_stays(result, views):
    heat_map = HeatMap(result)
    heat_map.show("variance")
    heat_map.setRange(0.05, 0.1)
    heat_map.setThreshold(0.07)
    heat_map.show("entropy")
    heat_map.show("variance")
    assert heat_map.range == pytest.approx((0.05, 0.1))
    assert heat_map.threshold == pytest.approx(0.07)
    with pytest.raises(ValueError, match=r"above 0\.2"):
        heat_map.setRange(0.2, 0.2)


def test_hiding_leaves_the_ct_and_other_views(result, views):
    heat_map = HeatMap(result)
    heat_map.show("variance")
    views[1].SetForegroundVolumeID(result.ct.GetID())
    heat_map.setOpacity(0.2)
    heat_map.hide()
    assert views[0].GetForegroundVolumeID() is None
    assert views[0].GetBackgroundVolumeID() == result.ct.GetID()
    assert views[1].GetForegroundVolumeID() == result.ct.GetID()
    assert views[1].GetForegroundOpacity() == 0.5
    assert not heat_map.isShown


def test_repetition_makes_no_nodes(result, views):
    heat_map = HeatMap(result)
    for name in heat_map.names():
        heat_map.show(name)
    before = slicer.mrmlScene.GetNumberOfNodes()
    for name in heat_map.names():
        heat_map.show(name)
        heat_map.blink()
        heat_map.blink()
        heat_map.hide()
    assert slicer.mrmlScene.GetNumberOfNodes() == before


def test_legends_go_with_the_result(result, views):
    HeatMap(result).show("entropy")
    result.remove()
    assert not slicer.util.getNodesByClass("vtkMRMLColorLegendDisplayNode")


def test_parts_of_the_variance_are_maps_where_the_method_tells_them_apart(views, tmp_path):
    segmentation = with_parts(synthetic_segmentation(), 0.25)
    ct = add_ct(segmentation)
    result = importResult(ResultFiles.read(write_result_folder(segmentation, tmp_path / "files")), ct, prepare(ct))
    heat_map = HeatMap(result)
    assert heat_map.names()[3:5] == ["varianceExpansion", "varianceTransforms"]
    ranges = set()
    for name in ("variance", "varianceExpansion", "varianceTransforms"):
        heat_map.show(name)
        ranges.add(heat_map.range)
    assert len(ranges) == 1  # the same color is as much variance
    shown = slicer.util.arrayFromVolume(heat_map.node)
    np.testing.assert_allclose(shown, 0.75 * segmentation.variance, rtol=1e-5)
    written = {path.name for path in export(result, tmp_path / "out")}
    assert {"variance_expansion.nrrd", "variance_transforms.nrrd"} <= written
