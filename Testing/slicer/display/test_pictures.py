"""What a reader sees: rendered by the real displayable managers, and judged by the pixels."""

import numpy as np
import pytest
import slicer
from PIL import Image

from harness.scene_ct import write_preview_folder
from harness.synthetic_segmentation import synthetic_segmentation
from HemorrhageUncertaintyLib.ct_input import prepare
from HemorrhageUncertaintyLib.head_rendering import showHead
from HemorrhageUncertaintyLib.heat_map import HeatMap
from HemorrhageUncertaintyLib.preview_nodes import importPreview
from HemorrhageUncertaintyLib.review import Review
from HemorrhageUncertaintyLib.surfaces import showSurfaces
from HemorrhageUncertaintyLib.views import jumpTo, showBrainWindow, showOutlines

IPH_RAS = (-32.0, 5.0, 8.0)  # patient's left, hence right of the middle in axial and coronal pictures


@pytest.fixture
def layout_manager():
    manager = slicer.app.layoutManager()
    manager.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView)
    return manager


@pytest.fixture
def axial(layout_manager, result):
    """Red slice view at the IPH: the CT in the brain window, nothing else yet."""
    showBrainWindow(result.ct)
    showOutlines(result.segmentation, False)
    slicer.util.setSliceViewerLayers(background=result.ct, foreground=None, fit=True)
    view = layout_manager.sliceView("Red")
    view.resize(420, 420)
    view.fit()
    jumpTo(IPH_RAS, centered=False, crosshair=False)
    return view


def changed(before, after, least=8):
    """Mask of the pixels that differ."""
    return np.abs(before.astype(int) - after.astype(int)).max(axis=-1) >= least


def test_outline_lies_on_the_left_of_the_patient(axial, result):
    before = axial.pixels()
    showOutlines(result.segmentation)
    for segment in ("SAH", "SDH", "IVH", "EDH"):
        if result.segmentation.GetSegmentation().GetSegment(segment):
            result.segmentation.GetDisplayNode().SetSegmentVisibility(segment, False)
    rows, columns = np.nonzero(changed(before, axial.pixels()))
    assert len(rows) > 300
    assert columns.min() > axial.pixels().shape[1] / 2
    xyz = axial.node.GetXYToRAS()
    place = np.array([xyz.MultiplyPoint((columns.mean(), 420 - 1 - rows.mean(), 0, 1))]).ravel()[:3]
    assert place[:2] == pytest.approx(IPH_RAS[:2], abs=4)


def test_outline_is_stronger_than_the_fill(axial, result):
    before = axial.pixels().astype(int)
    showOutlines(result.segmentation)
    difference = np.abs(axial.pixels().astype(int) - before).max(axis=-1)
    outline, fill = (difference > 100).sum(), ((difference > 5) & (difference < 60)).sum()
    assert outline > 100
    assert fill > outline


def test_heat_map_shows_where_it_is_uncertain_and_nothing_elsewhere(axial, result):
    before = axial.pixels()
    heat_map = HeatMap(result)
    heat_map.show("entropy", legend=False)
    mask = changed(before, axial.pixels())
    entropy = seen(axial, result.map("entropy"))
    assert mask[entropy > 2 * heat_map.threshold].mean() > 0.97
    assert mask[entropy < heat_map.threshold / 2].mean() < 0.03
    heat_map.blink()
    assert not changed(before, axial.pixels()).any()
    heat_map.blink()
    assert (changed(before, axial.pixels()) == mask).all()


def test_preview_shows_where_it_is_uncertain_and_leaves_the_ct_elsewhere(axial, result, tmp_path):
    before = axial.pixels()
    folder = write_preview_folder(synthetic_segmentation(), tmp_path / "preview", 1)
    preview = importPreview(folder, result.ct, prepare(result.ct))
    showOutlines(preview.segmentation, False)
    slicer.util.setSliceViewerLayers(foreground=preview.heatMap, foregroundOpacity=0.5)
    mask, entropy = changed(before, axial.pixels()), seen(axial, preview.heatMap)
    threshold = preview.heatMap.GetDisplayNode().GetLowerThreshold()
    assert mask[entropy > 2 * threshold].mean() > 0.97
    assert mask[entropy < threshold / 2].mean() < 0.03
    preview.remove()


def test_legend_is_in_its_corner_and_says_what_it_shows(axial, result):
    heat_map = HeatMap(result)
    heat_map.show("entropy", legend=False)
    without = axial.pixels()
    heat_map.setLegendVisible(True)
    rows, columns = np.nonzero(changed(without, axial.pixels()))
    assert len(rows) > 1000
    assert rows.min() > 420 * 0.45
    assert columns.min() > 420 * 0.6


def test_legend_can_be_read_over_bone(axial, result):
    slicer.util.arrayFromVolume(result.ct)[:] = 2000
    slicer.util.arrayFromVolumeModified(result.ct)
    heat_map = HeatMap(result)
    heat_map.show("entropy", legend=False)
    white = axial.pixels()
    heat_map.setLegendVisible(True)
    legend = axial.pixels()[changed(white, axial.pixels())]
    isGray = (np.ptp(legend.astype(int), axis=-1) < 5) & (legend.max(axis=-1) > 90)  # neither colors nor shadows
    background = legend[isGray]
    assert len(background) > 1000
    assert np.median(background) < 160  # white letters on it


def test_jump_centers_all_views(layout_manager, result):
    slicer.util.setSliceViewerLayers(background=result.ct, fit=True)
    jumpTo(IPH_RAS)
    for name in ("Red", "Green", "Yellow"):
        node = layout_manager.sliceWidget(name).mrmlSliceNode()
        assert [node.GetSliceToRAS().GetElement(axis, 3) for axis in range(3)] == pytest.approx(IPH_RAS)
    crosshair = slicer.mrmlScene.GetSingletonNode("default", "vtkMRMLCrosshairNode")
    assert crosshair.GetCrosshairRAS() == pytest.approx(IPH_RAS)
    assert crosshair.GetCrosshairMode() != slicer.vtkMRMLCrosshairNode.NoCrosshair


def test_first_jump_marks_the_place_in_3d(layout_manager, result):
    slicer.mrmlScene.GetSingletonNode("default", "vtkMRMLCrosshairNode").SetCrosshairMode(0)
    showSurfaces(result.segmentation)
    view = layout_manager.threeDView(0)
    view.resize(300, 300)
    view.fit()
    before = view.pixels()
    jumpTo((-60.0, 0.0, 30.0))
    rows, columns = np.nonzero(changed(before, view.pixels()))
    assert len(rows) > 20
    assert columns.mean() > 160  # from the front, the patient's left is on the right
    assert rows.mean() < 150


def test_whole_picture_of_a_slice(axial, result, tmp_path):
    """For the eye: outlines, heat map, legend and points together."""
    showOutlines(result.segmentation)
    HeatMap(result).show("entropy")
    Review(result).start()
    axial.node.SetOrientationMarkerType(axial.node.OrientationMarkerTypeAxes)
    axial.save(tmp_path / "slice.png")
    assert len(np.unique(np.asarray(Image.open(tmp_path / "slice.png")).reshape(-1, 3), axis=0)) > 1000


def test_surfaces_inside_a_translucent_head(layout_manager, result, tmp_path):
    showSurfaces(result.segmentation)
    result.segmentation.GetDisplayNode().SetVisibility2D(False)
    showHead(result.ct)
    view = layout_manager.threeDWidget(0).threeDView()
    view = layout_manager.threeDView(0) if hasattr(layout_manager, "threeDView") else view
    view.resize(360, 360)
    view.fit()
    both = view.pixels().astype(int)
    Image.fromarray(both.astype(np.uint8)).save(tmp_path / "head.png")
    showHead(result.ct, False)
    surfaces = view.pixels().astype(int)
    assert changed(both, surfaces).mean() > 0.15  # the head fills much of the view
    orange = (surfaces[..., 0] > surfaces[..., 2] + 60) & (surfaces[..., 0] > surfaces[..., 1] + 30)
    assert orange.sum() > 300
    still = (both[..., 0] > both[..., 2] + 25)[orange]
    assert still.mean() > 0.7  # seen through the head
    assert np.nonzero(orange)[1].mean() > 180  # from the front, the patient's left is on the right


def seen(view, volume):
    """Return the volume's value at each pixel of a slice view; 0 outside."""
    pixels = view.pixels()
    rows, columns = np.indices(pixels.shape[:2])
    xy = np.stack([columns, pixels.shape[0] - 1 - rows, 0 * rows, 0 * rows + 1], axis=-1)
    xy_to_ras = slicer.util.arrayFromVTKMatrix(view.node.GetXYToRAS())
    ijk = xy @ xy_to_ras.T @ slicer.util.arrayFromVTKMatrix(_ras_to_ijk(volume)).T
    column, row, number = np.rint(np.moveaxis(ijk[..., :3], -1, 0)).astype(int)
    values = slicer.util.arrayFromVolume(volume)
    inside = (column >= 0) & (column < values.shape[2]) & (row >= 0) & (row < values.shape[1])
    found = np.zeros(pixels.shape[:2])
    found[inside] = values[number[inside], row[inside], column[inside]]
    return found


def _ras_to_ijk(volume):
    import vtk

    matrix = vtk.vtkMatrix4x4()
    volume.GetRASToIJKMatrix(matrix)
    return matrix
