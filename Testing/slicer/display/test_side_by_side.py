"""Two results of one CT beside each other: each on its own side, both moving together, and nothing left when it is closed."""

from __future__ import annotations

import numpy as np
import pytest
import slicer

from harness.result_in_scene import add_ct, add_result
from harness.synthetic_segmentation import synthetic_segmentation
from hemorrhage.errors import ArgumentError
from HemorrhageUncertaintyLib.heat_map import HeatMap
from HemorrhageUncertaintyLib.hemorrhage_result import HemorrhageResult
from HemorrhageUncertaintyLib.layout import LAYOUT_ID, showLayout
from HemorrhageUncertaintyLib.legend import legendOf
from HemorrhageUncertaintyLib.review import Review
from HemorrhageUncertaintyLib.side_by_side import SideBySide
from HemorrhageUncertaintyLib.side_by_side_layout import COMPARED_VIEWS, SIDE_BY_SIDE_ID, Side
from HemorrhageUncertaintyLib.views import showOutlines

IPH = ("IPH", (-32.0, 5.0, 8.0), (17.0, 22.0, 18.0), 6.0)  # patient's left, hence right of the middle in axial pictures
SDH = ("SDH", (58.0, 25.0, 20.0), (7.0, 22.0, 22.0), 3.0)
#: Below it a map is transparent on a pixel's scale of 0 to 255.
_VISIBLE = 12


@pytest.fixture
def pair(tmp_path):
    """Two results of one CT; the second has a smaller hemorrhage in the brain and none beside it."""
    ct = add_ct(synthetic_segmentation())
    first = add_result(tmp_path / "first", ct, blobs=(IPH, SDH))
    smaller = ("IPH", IPH[1], (9.0, 12.0, 18.0), 6.0)
    second = add_result(tmp_path / "second", ct, blobs=(smaller,), method="deterministic", samples=1)
    showLayout(slicer.app.layoutManager())
    HeatMap(first).show("entropy")
    showOutlines(first.segmentation)
    showOutlines(second.segmentation, False)
    return first, second


def pixels(side: Side) -> np.ndarray:
    """The large view of a side, rows x columns x colors."""
    view = slicer.app.layoutManager().sliceView(side.axial)
    view.resize(300, 300)
    view.fit()
    view.node.JumpSliceByOffsetting(*IPH[1])
    return view.pixels().astype(int)


def scene_as_it_is():
    """Everything that the comparison may change, of every node there is."""
    displays = slicer.util.getNodesByClass("vtkMRMLDisplayNode")
    looks = {
        node.GetID(): (
            node.GetVisibility(),
            node.GetVisibility2D(),
            tuple(node.GetNthViewNodeID(index) for index in range(node.GetNumberOfViewNodeIDs())),
            (node.GetWindow(), node.GetLevel(), node.GetLowerThreshold()) if node.IsA("vtkMRMLScalarVolumeDisplayNode") else None,
        )
        for node in displays
    }
    layers = {
        view.GetID(): (view.GetBackgroundVolumeID(), view.GetForegroundVolumeID(), view.GetForegroundOpacity())
        for view in slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode")
        if not view.GetLayoutName().startswith("Hemorrhage")
    }
    nodes = [slicer.mrmlScene.GetNthNode(index).GetID() for index in range(slicer.mrmlScene.GetNumberOfNodes())]
    return slicer.app.layoutManager().layout, looks, layers, nodes


def test_results_of_two_methods_stay_beside_each_other(pair, tmp_path):
    first, second = pair
    assert HemorrhageResult.ofCT(first.ct) == [first, second]
    assert first.name != second.name
    again = add_result(tmp_path / "again", first.ct, blobs=(IPH,))
    assert not first.exists
    assert HemorrhageResult.ofCT(second.ct) == [second, again]


def test_each_side_shows_its_own_map_and_title(pair):
    opened = SideBySide.open(*pair)
    assert slicer.app.layoutManager().layout == SIDE_BY_SIDE_ID
    for side, result in zip(Side, pair, strict=True):
        assert len(side.sliceNodes) == len(side.compositeNodes) == 3
        assert {node.GetOrientation() for node in side.sliceNodes} == {"Axial", "Coronal", "Sagittal"}
        assert {view.GetForegroundVolumeID() for view in side.compositeNodes} == {result.map("entropy").GetID()}
        assert {view.GetBackgroundVolumeID() for view in side.compositeNodes} == {result.ct.GetID()}
        annotation = slicer.app.layoutManager().sliceWidget(side.axial).sliceView().cornerAnnotation()
        assert annotation.GetText(annotation.UpperEdge) == f"{side.value}: {result.procedure.label}"
    assert SideBySide.current().results == pair
    assert opened.name == "entropy"


def test_each_side_has_its_own_outlines(pair):
    SideBySide.open(*pair)
    SideBySide.current().setOpacity(0)
    both = [pixels(side) for side in Side]
    for result in pair:
        result.segmentation.GetDisplayNode().SetVisibility2D(False)
    outlined = [(np.abs(now - pixels(side)).max(axis=-1) > _VISIBLE).sum() for side, now in zip(Side, both, strict=True)]
    assert outlined[0] > 1.5 * outlined[1] > 150


def test_views_move_together_and_no_other_view_does(pair):
    SideBySide.open(*pair)
    manager = slicer.app.layoutManager()
    red = manager.sliceWidget("Red").sliceLogic().GetSliceOffset()
    axial = manager.sliceWidget(Side.FIRST.axial).sliceLogic()
    axial.StartSliceOffsetInteraction()
    axial.SetSliceOffset(13.0)
    axial.EndSliceOffsetInteraction()
    assert manager.sliceWidget(Side.SECOND.axial).sliceLogic().GetSliceOffset() == pytest.approx(13.0)
    assert manager.sliceWidget("Red").sliceLogic().GetSliceOffset() == red != pytest.approx(13.0)


def test_difference_is_second_minus_first_and_centered_at_zero(pair):
    opened = SideBySide.open(*pair, difference=True)
    values = [slicer.util.arrayFromVolume(result.map("entropy")) for result in pair]
    assert np.array_equal(slicer.util.arrayFromVolume(opened.difference), values[1] - values[0])
    display = opened.difference.GetDisplayNode()
    assert display.GetLevel() == 0
    assert display.GetWindow() / 2 == pytest.approx(HeatMap(pair[0]).style("entropy").high)
    assert legendOf(display).GetTitleText() == "B − A\nEntropy\n(\u22121 to 1)"
    for side in Side:
        assert {view.GetForegroundVolumeID() for view in side.compositeNodes} == {opened.difference.GetID()}
    opened.show(difference=False)
    assert opened.difference is None


def test_difference_is_red_where_the_second_is_less_sure_and_blue_where_the_first_is(pair):
    opened = SideBySide.open(*pair, difference=True)
    opened.setOpacity(1)
    for result in pair:
        result.segmentation.GetDisplayNode().SetVisibility2D(False)
    legendOf(opened.difference.GetDisplayNode()).SetVisibility(False)
    values = slicer.util.arrayFromVolume(opened.difference)
    threshold = 0.2 * HeatMap(pair[0]).style("entropy").high
    shown = pixels(Side.FIRST)
    view = slicer.app.layoutManager().sliceView(Side.FIRST.axial)
    rows, columns = np.indices(shown.shape[:2])
    xy = np.stack([columns, shown.shape[0] - 1 - rows, 0 * rows, 0 * rows + 1], axis=-1)
    toRas = slicer.util.arrayFromVTKMatrix(view.node.GetXYToRAS())
    toIjk = np.linalg.inv(_ijkToRas(opened.difference))
    column, row, number = np.rint(np.moveaxis((xy @ toRas.T @ toIjk.T)[..., :3], -1, 0)).astype(int)
    inside = (column >= 0) & (column < values.shape[2]) & (row >= 0) & (row < values.shape[1])
    at = np.zeros(shown.shape[:2])
    at[inside] = values[number[inside], row[inside], column[inside]]
    red, blue = (shown[..., 0] > shown[..., 2] + 40), (shown[..., 2] > shown[..., 0] + 40)
    assert (at < -threshold).sum() > 100
    assert blue[at < -threshold].mean() > 0.9
    assert red[at > threshold].mean() > 0.9
    assert not (red | blue)[np.abs(at) < 0.03 * threshold].mean() > 0.1


def test_scale_of_the_first_counts_for_both(pair):
    HeatMap(pair[0]).setRange(0.1, 0.3)
    HeatMap(pair[0]).setThreshold(0.15)
    opened = SideBySide.open(*pair)
    for result in pair:
        assert HeatMap(result).displayOf("entropy").GetWindow() == pytest.approx(0.2)
        assert HeatMap(result).displayOf("entropy").GetLowerThreshold() == pytest.approx(0.15)
    opened.close()
    second = HeatMap(pair[1]).displayOf("entropy")
    assert second.GetWindow() == pytest.approx(HeatMap(pair[1]).style("entropy").high)


def test_closing_leaves_everything_as_it_was(pair):
    for result in pair:
        Review(result).start()
        for name in HeatMap(result).names():
            HeatMap(result).displayOf(name)
    SideBySide.open(*pair).close()  # from then on the views are there, as those of any layout
    before = scene_as_it_is()
    opened = SideBySide.open(*pair, difference=True)
    opened.show("variance")
    opened.show("probabilities.IPH", difference=False)
    opened.blink()
    SideBySide.open(pair[1], pair[0]).close()
    assert not opened.isOpen
    assert scene_as_it_is() == before
    assert before[0] == LAYOUT_ID
    assert SideBySide.current() is None
    for view in (view for side in Side for view in side.compositeNodes):
        assert view.GetForegroundVolumeID() is None


def test_closing_after_somebody_has_arranged_the_views_leaves_that(pair):
    opened = SideBySide.open(*pair)
    slicer.app.layoutManager().setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView)
    assert not opened.isShown
    opened.close()
    assert slicer.app.layoutManager().layout == slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView


def test_comparison_survives_saving(pair, tmp_path):
    opened = SideBySide.open(*pair, difference=True)
    opened.setOpacity(0.8)
    before = pixels(Side.SECOND)
    difference = slicer.util.arrayFromVolume(opened.difference).copy()
    assert slicer.util.saveScene(str(tmp_path / "scene.mrb"))
    slicer.mrmlScene.Clear(False)
    assert SideBySide.current() is None
    showLayout(slicer.app.layoutManager())
    slicer.util.loadScene(str(tmp_path / "scene.mrb"))
    loaded = SideBySide.current()
    assert loaded.results == tuple(HemorrhageResult.all())
    assert (loaded.name, loaded.isDifference, loaded.opacity) == ("entropy", True, 0.8)
    assert np.array_equal(slicer.util.arrayFromVolume(loaded.difference), difference)
    assert slicer.app.layoutManager().layout == SIDE_BY_SIDE_ID
    loaded.show()
    assert (np.abs(pixels(Side.SECOND) - before).max(axis=-1) > _VISIBLE).mean() < 0.01
    loaded.close()
    assert slicer.app.layoutManager().layout == LAYOUT_ID
    assert slicer.util.getNodes("CT difference*") == {}
    assert HemorrhageResult.all()[0].segmentation.GetDisplayNode().GetNumberOfViewNodeIDs() == 0


def test_a_result_that_goes_away_can_still_be_closed(pair):
    opened = SideBySide.open(*pair, difference=True)
    pair[1].remove()
    with pytest.raises(ArgumentError, match="gone"):
        opened.show("variance")
    opened.close()
    assert SideBySide.current() is None
    assert pair[0].segmentation.GetDisplayNode().GetNumberOfViewNodeIDs() == 0


def test_unusable_choices_are_refused_and_nothing_changes(pair, tmp_path):
    other = add_result(tmp_path / "other")
    nodes, layout = slicer.mrmlScene.GetNumberOfNodes(), slicer.app.layoutManager().layout
    with pytest.raises(ArgumentError, match="two different results"):
        SideBySide.open(pair[0], pair[0])
    with pytest.raises(ArgumentError, match="different CTs"):
        SideBySide.open(pair[0], other)
    with pytest.raises(KeyError):
        SideBySide.open(*pair, "probabilities.XYZ")
    assert slicer.mrmlScene.GetNumberOfNodes() == nodes
    assert slicer.app.layoutManager().layout == layout


def _ijkToRas(volume):
    import vtk

    matrix = vtk.vtkMatrix4x4()
    volume.GetIJKToRASMatrix(matrix)
    return slicer.util.arrayFromVTKMatrix(matrix)


@pytest.mark.parametrize("difference", [False, True])
def test_each_large_view_has_a_legend(pair, difference):
    """Also where the legend was there before the view."""
    slicer.app.layoutManager().forget_slice_views(COMPARED_VIEWS)
    opened = SideBySide.open(*pair, "entropy", difference=difference)
    maps = [opened.difference] * 2 if difference else [result.map("entropy") for result in pair]
    for side, node in zip(Side, maps, strict=True):
        legend = legendOf(node.GetDisplayNode())
        shown = pixels(side)
        legend.SetVisibility(False)
        changed = (shown != pixels(side)).any(axis=2)
        legend.SetVisibility(True)
        assert changed[:, 200:].sum() > 200
        assert not changed[:, :200].any()
