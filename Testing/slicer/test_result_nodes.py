"""A result becomes nodes that lie where the CT lies, count the same volumes, replace each other, and survive a saved scene."""

import numpy as np
import pytest
import slicer
import vtk

from harness.allocated_memory import allocated_mb, can_count
from harness.scene_ct import (
    add_acquisition_transform,
    add_ct,
    add_linear_transform,
    segment_image,
    world_of,
    world_points_of_segment,
    write_preview_folder,
    write_result_folder,
)
from harness.synthetic_segmentation import ORIENTATIONS, synthetic_segmentation
from hemorrhage.errors import HemorrhageError, UnreadableInputError
from HemorrhageUncertaintyLib.comparison import compare
from HemorrhageUncertaintyLib.ct_input import prepare
from HemorrhageUncertaintyLib.method_table import methodTableSteps
from HemorrhageUncertaintyLib.replacement import replaceSteps
from HemorrhageUncertaintyLib.result_files import ResultFiles
from HemorrhageUncertaintyLib.result_nodes import (
    HemorrhageResult,
    ImportSteps,
    ResultDroppedError,
    importPreview,
    importResult,
)
from HemorrhageUncertaintyLib.result_scene import ResultScene
from HemorrhageUncertaintyLib.samples import sampleCount, selectSample
from HemorrhageUncertaintyLib.segment_voxels import segmentVoxels
from HemorrhageUncertaintyLib.step_runner import allSteps

SHAPE = (12, 40, 44)
PRESENT = {"IPH", "SDH", "SAH"}
RIGID = np.array([[0.96, -0.28, 0, 5], [0.28, 0.96, 0, -7], [0, 0, 1, 30], [0, 0, 0, 1.0]])
SCALED = RIGID @ np.diag([1.1, 0.9, 1.3, 1.0])
MAPS = {"entropy": "entropy", "variance": "variance", "mutualInformation": "mutual_information"}


@pytest.fixture(scope="module")
def phantom():
    return synthetic_segmentation("axial LPS", SHAPE)


@pytest.fixture(scope="module")
def files(phantom, tmp_path_factory):
    return ResultFiles.read(write_result_folder(phantom, tmp_path_factory.mktemp("result") / "out", samples=3))


@pytest.fixture
def ct(phantom):
    return add_ct(phantom.ct.hu, phantom.ct.affine)


def put_plain(ct):
    """No transform."""


def put_rigid(ct):
    add_linear_transform(RIGID, ct)


def put_scaled(ct):
    add_linear_transform(SCALED, ct)


def put_tilted(ct, steps=(13.0,) * (SHAPE[0] - 1)):
    along = np.array([0.0, np.sin(np.radians(18.5)), np.cos(np.radians(18.5))])
    add_acquisition_transform(ct, world_of(ct, (0, 0, 0)) + np.concatenate([[0], np.cumsum(steps)])[:, None] * along)


def put_tilted_and_moved(ct):
    put_tilted(ct)
    add_linear_transform(RIGID, ct.GetParentTransformNode())


def volumes_ml(segmentation):
    return {name: segmentVoxels(segmentation, name).volumeMl for name in segmentation.GetSegmentation().GetSegmentIDs()}


def statistics_volume_ml(segmentation, identifier):
    """Volume as SegmentStatistics defines it: voxels times spacing of the binary label map, on a copy with hardened transform."""
    from vtk.util.numpy_support import vtk_to_numpy

    copy = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    copy.CopyContent(segmentation)
    if segmentation.GetParentTransformNode() is not None:
        copy.SetAndObserveTransformNodeID(segmentation.GetParentTransformNode().GetID())
        copy.HardenTransform()
    image = segment_image(copy, identifier)
    voxels = np.count_nonzero(vtk_to_numpy(image.GetPointData().GetScalars()))
    slicer.mrmlScene.RemoveNode(copy)
    return voxels * np.prod(image.GetSpacing()) / 1000


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize("put", [put_plain, put_rigid, put_scaled])
def test_segments_and_maps_lie_where_the_ct_lies(orientation, put, tmp_path):
    """World points of every voxel of a segment and of a map, against the CT's points computed without our code."""
    phantom = synthetic_segmentation(orientation, SHAPE)
    ct = add_ct(phantom.ct.hu, phantom.ct.affine)
    put(ct)
    result = importResult(ResultFiles.read(write_result_folder(phantom, tmp_path / "out")), ct, prepare(ct))
    check_place(result, phantom.labels)
    assert result.segmentation.GetParentTransformNode() is ct.GetParentTransformNode()


@pytest.mark.parametrize("put", [put_tilted, put_tilted_and_moved])
def test_segments_and_maps_lie_where_a_tilted_ct_lies(put, files, ct, phantom):
    put(ct)
    result = importResult(files, ct, prepare(ct))
    check_place(result, phantom.labels)


def test_segments_lie_where_an_unevenly_tilted_ct_lies(ct, tmp_path):
    """Here the engine saw other voxels: a bright block of the CT, labelled on the engine's grid, must come back to the block."""
    put_tilted(ct, (8.0,) * 6 + (14.0,) * 5)
    given = prepare(ct)
    phantom = synthetic_segmentation("axial LPS", given.shape, blobs=())
    values = slicer.util.arrayFromVolume(ct)
    values[:] = -1000
    values[8:10, 10:20, 10:20] = 1500
    phantom.labels[:] = (given.array > 250) * 5
    result = importResult(ResultFiles.read(write_result_folder(phantom, tmp_path / "out")), ct, given)
    back = slicer.util.arrayFromSegmentBinaryLabelmap(result.segmentation, "SDH", ct)
    assert np.array_equal(back, values > 250)


def check_place(result, labels):
    ct, segmentation = result.ct, result.segmentation
    assert set(segmentation.GetSegmentation().GetSegmentIDs()) == PRESENT
    matrix = vtk.vtkMatrix4x4()
    for label, name in ((2, "IPH"), (5, "SDH")):
        expected = np.array([world_of(ct, tuple(i)) for i in np.argwhere(labels == label)])
        found = world_points_of_segment(segmentation, name)
        assert found.shape == expected.shape
        assert np.abs(found - expected).max() < 1e-6
    for role in (*MAPS, "probabilities.IPH"):
        node = result.map(role)
        node.GetIJKToRASMatrix(matrix)
        assert node.GetImageData().GetDimensions() == ct.GetImageData().GetDimensions()
        for i in ((0, 0, 0), (SHAPE[0] - 1, 0, 3), (5, 7, SHAPE[2] - 1), (SHAPE[0] - 1, SHAPE[1] - 1, SHAPE[2] - 1)):
            assert world_of(node, i) == pytest.approx(world_of(ct, i), abs=1e-9)


@pytest.mark.parametrize("put", [put_plain, put_rigid, put_scaled])
def test_volumes_are_those_of_segment_statistics(put, phantom, ct, tmp_path):
    put(ct)
    given = prepare(ct)
    scale = np.linalg.det(given.affine[:3, :3]) / np.linalg.det(phantom.ct.affine[:3, :3])
    expected = {volume.name: volume.volume_ml * scale for volume in phantom.volumes if volume.name in PRESENT}
    result = importResult(ResultFiles.read(write_result_folder(phantom, tmp_path / "out")), ct, given)
    assert volumes_ml(result.segmentation) == pytest.approx(expected, rel=1e-9)
    for name, volume in expected.items():
        assert statistics_volume_ml(result.segmentation, name) == pytest.approx(volume, rel=1e-9)


@pytest.mark.parametrize(("steps_mm", "tolerance"), [((4.0, 4.0), 1e-4), ((3.0, 4.5), 0.05)], ids=["even", "uneven"])
def test_volumes_under_a_gantry_tilt(steps_mm, tolerance, tmp_path):
    """Even slices: the engine's count is the node's. Uneven ones: both sum up the same blob, cut into different slices."""
    scan = synthetic_segmentation("axial LPS", (40, 40, 44))
    ct = add_ct(scan.ct.hu, scan.ct.affine)
    put_tilted(ct, [steps_mm[0]] * 20 + [steps_mm[1]] * 19)
    given = prepare(ct)
    engine = synthetic_segmentation("axial LPS", given.shape)
    voxel_ml = abs(np.linalg.det(given.affine[:3, :3])) / 1000
    result = importResult(ResultFiles.read(write_result_folder(engine, tmp_path / "out")), ct, given)
    found = volumes_ml(result.segmentation)
    for label, name in ((2, "IPH"), (5, "SDH")):
        assert found[name] == pytest.approx(np.count_nonzero(engine.labels == label) * voxel_ml, rel=tolerance)
    # Slicer resamples the label map under a grid transform: its own statistics differ by what a slice more or less is.
    assert statistics_volume_ml(result.segmentation, "IPH") == pytest.approx(found["IPH"], rel=0.15)


def test_maps_hold_the_engines_values_as_float32(files, ct, phantom):
    result = importResult(files, ct, prepare(ct))
    for role, name in MAPS.items():
        found = slicer.util.arrayFromVolume(result.map(role))
        assert found.dtype == np.float32
        assert np.array_equal(found, getattr(phantom, name))
    for label, name in enumerate(phantom.classes[1:], start=1):
        assert np.array_equal(slicer.util.arrayFromVolume(result.map(f"probabilities.{name}")), phantom.probabilities[label])
    assert result.map("probabilities.XYZ") is None


def test_the_ct_knows_its_results(files, ct, phantom):
    other = add_ct(phantom.ct.hu, phantom.ct.affine, "CT 2")
    first = importResult(files, ct, prepare(ct))
    second = importResult(files, ct, prepare(ct), replace=False)
    third = importResult(files, other, prepare(other))
    assert HemorrhageResult.ofCT(ct) == [first, second]
    assert HemorrhageResult.ofCT(other) == [third]
    assert HemorrhageResult.all() == [first, second, third]
    assert HemorrhageResult.fromRecord(first.record) == first != second
    assert len({first, HemorrhageResult.fromRecord(first.record)}) == 1
    assert first.summary == files.summary
    assert first.report.GetText() == files.report
    with pytest.raises(ValueError, match="no record"):
        HemorrhageResult.fromRecord(ct)


def test_twenty_runs_leave_as_many_nodes_as_one(files, ct):
    importResult(files, ct, prepare(ct))
    scene = slicer.mrmlScene
    nodes, items = scene.GetNumberOfNodes(), scene.GetSubjectHierarchyNode().GetNumberOfItems()
    for _run in range(19):
        importResult(files, ct, prepare(ct))
    assert scene.GetNumberOfNodes() == nodes
    assert scene.GetSubjectHierarchyNode().GetNumberOfItems() == items
    assert len(HemorrhageResult.ofCT(ct)) == 1


def test_removing_a_result_leaves_the_scene_as_before(files, ct):
    scene, hierarchy = slicer.mrmlScene, slicer.mrmlScene.GetSubjectHierarchyNode()
    identifiers = {scene.GetNthNode(n).GetID() for n in range(scene.GetNumberOfNodes())}
    items = hierarchy.GetNumberOfItems()
    result = importResult(files, ct, prepare(ct))
    extra = scene.AddNewNodeByClass("vtkMRMLTableNode", "volumes")
    result.setNode("volumesTable", extra)
    result.remove()
    assert {scene.GetNthNode(n).GetID() for n in range(scene.GetNumberOfNodes())} == identifiers
    assert hierarchy.GetNumberOfItems() == items
    assert not result.exists
    assert result.segmentation is None
    result.remove()


def test_everything_comes_back_from_a_saved_scene(files, ct, phantom, tmp_path):
    put_tilted(ct)
    before = importResult(files, ct, prepare(ct))
    roles = set(before.roles)
    points = world_points_of_segment(before.segmentation, "IPH")
    path = tmp_path / "scène 1.mrb"
    assert slicer.util.saveScene(str(path))
    slicer.mrmlScene.Clear(False)
    assert HemorrhageResult.all() == []
    slicer.util.loadScene(str(path))
    (result,) = HemorrhageResult.all()
    assert result.ct.GetName() == "CT 1"
    assert set(result.roles) == roles
    assert {"segmentation", "samples", "report", "labelColors", "probabilities.SDH", "mutualInformation"} <= roles
    assert result.summary == files.summary
    assert result.report.GetText() == files.report
    assert world_points_of_segment(result.segmentation, "IPH") == pytest.approx(points, abs=1e-4)
    volumes = {volume.name: volume.volume_ml for volume in phantom.volumes if volume.name in PRESENT}
    scale = prepare(result.ct).voxelVolumesMl() / phantom.ct.voxel_volume_ml
    found = volumes_ml(result.segmentation)
    assert found == pytest.approx({name: volume * scale for name, volume in volumes.items()}, rel=1e-6)
    for role, name in MAPS.items():
        assert np.array_equal(slicer.util.arrayFromVolume(result.map(role)), getattr(phantom, name))
    browser = result.node("samples")
    assert sampleCount(browser) == 3
    for number in (1, 3, 2):
        shown = selectSample(browser, number)
        assert np.array_equal(slicer.util.arrayFromVolume(shown), files.samples[number - 1])
        assert world_of(shown, (3, 4, 5)) == pytest.approx(world_of(result.ct, (3, 4, 5)), abs=1e-4)
    assert shown.GetDisplayNode().GetColorNode() is result.node("labelColors")
    nodes = slicer.mrmlScene.GetNumberOfNodes()
    importResult(files, result.ct, prepare(result.ct))
    assert not result.exists
    assert slicer.mrmlScene.GetNumberOfNodes() <= nodes


def test_samples_are_browsed_without_being_changed(files, ct):
    browser = importResult(files, ct, prepare(ct)).node("samples")
    shown = selectSample(browser, 2)
    slicer.util.updateVolumeFromArray(shown, np.zeros(SHAPE, np.uint8))
    selectSample(browser, 1)
    assert np.array_equal(slicer.util.arrayFromVolume(selectSample(browser, 2)), files.samples[1])
    with pytest.raises(HemorrhageError, match="from 1 to 3"):
        selectSample(browser, 4)
    colors = shown.GetDisplayNode().GetColorNode()
    assert [colors.GetColorName(label) for label in range(6)] == list(files.classes)


def test_a_deleted_ct_gets_no_result(files, ct):
    given = prepare(ct)
    slicer.mrmlScene.RemoveNode(ct)
    nodes = slicer.mrmlScene.GetNumberOfNodes()
    with pytest.raises(ResultDroppedError, match="no longer in the scene"):
        importResult(files, ct, given)
    assert slicer.mrmlScene.GetNumberOfNodes() == nodes


def test_a_closed_scene_gets_no_result(files, ct, phantom):
    given = prepare(ct)
    slicer.mrmlScene.Clear(False)
    add_ct(phantom.ct.hu, phantom.ct.affine)  # the same ID and name, another node
    with pytest.raises(ResultDroppedError, match="CT 1 is no longer in the scene"):
        importResult(files, ct, given)
    assert HemorrhageResult.all() == []


def test_a_ct_that_was_moved_meanwhile_gets_no_result(files, ct):
    given = prepare(ct)
    put_rigid(ct)
    with pytest.raises(ResultDroppedError, match="moved or changed"):
        importResult(files, ct, given)
    assert HemorrhageResult.all() == []


@pytest.mark.parametrize("happens", ["deleted", "closed", "given up"])
def test_an_import_that_cannot_end_leaves_nothing_and_keeps_the_earlier_result(files, ct, happens):
    earlier = importResult(files, ct, prepare(ct))
    nodes = slicer.mrmlScene.GetNumberOfNodes()
    steps = ImportSteps(files, ct, prepare(ct))
    for _step, _count in zip(steps, range(4), strict=False):
        pass
    assert slicer.mrmlScene.GetNumberOfNodes() > nodes
    if happens == "given up":
        steps.close()
        assert slicer.mrmlScene.GetNumberOfNodes() == nodes
    else:
        slicer.mrmlScene.Clear(False) if happens == "closed" else slicer.mrmlScene.RemoveNode(ct)
        with pytest.raises(ResultDroppedError):
            list(steps)
    assert steps.result is None
    assert HemorrhageResult.all() == ([] if happens == "closed" else [earlier])


@pytest.mark.parametrize("steps_before", [1, 2, 4])
def test_a_replacement_that_is_stopped_is_done_at_once(files, ct, steps_before):
    earlier = importResult(files, ct, prepare(ct))
    nodes = slicer.mrmlScene.GetNumberOfNodes()
    result = importResult(files, ct, prepare(ct), replace=False)
    steps = replaceSteps([earlier], result)
    for _ in range(steps_before):
        next(steps)
    assert slicer.mrmlScene.GetNumberOfNodes() > nodes
    steps.close()
    assert not earlier.exists
    assert HemorrhageResult.ofCT(ct) == [result]
    assert slicer.mrmlScene.GetNumberOfNodes() == nodes


def test_a_result_without_hemorrhage_has_maps_and_no_segments(ct, tmp_path):
    empty = synthetic_segmentation("axial LPS", SHAPE, blobs=())
    assert not empty.labels.any()
    result = importResult(ResultFiles.read(write_result_folder(empty, tmp_path / "out")), ct, prepare(ct))
    assert result.segmentation.GetSegmentation().GetNumberOfSegments() == 0
    assert np.array_equal(slicer.util.arrayFromVolume(result.map("entropy")), empty.entropy)
    assert result.node("samples") is None


def test_everything_lies_in_one_folder_beside_the_ct(ct, phantom, tmp_path):
    """Also tables, plot, points, what compares two results, and samples: nothing but patients lies at the top."""
    hierarchy = slicer.mrmlScene.GetSubjectHierarchyNode()
    patient = hierarchy.CreateSubjectItem(hierarchy.GetSceneItemID(), "Patient")
    study = hierarchy.CreateStudyItem(patient, "Study")
    hierarchy.SetItemParent(hierarchy.GetItemByDataNode(ct), study)
    folder = write_result_folder(phantom, tmp_path / "out", samples=3)
    earlier, result = (allSteps(ResultScene().importSteps(folder, ct, prepare(ct))) for _ in range(2))
    compare(earlier, result)
    allSteps(methodTableSteps(earlier, result))
    item = hierarchy.GetItemParent(hierarchy.GetItemByDataNode(result.segmentation))
    assert hierarchy.GetItemParent(item) == study
    assert hierarchy.GetItemName(item) == "CT 1 hemorrhage (tta, phantom)"
    items = {role: hierarchy.GetItemByDataNode(result.node(role)) for role in result.roles if role != "ct"}
    inside = {role for role, each in items.items() if each and hierarchy.GetItemParent(each) == item}
    assert {"entropy", "probabilities.EDH", "report", "samples", "volumesTable", "lesionsTable", "placesTable"} <= inside
    assert {"distributionPlot", "distributionTable", "lesions", "places", "comparisonTable", "methodTable"} <= inside
    assert slicer.util.getSubjectHierarchyItemChildren() == [patient]
    assert not hierarchy.GetItemByDataNode(result.record)


def test_a_preview_goes_away_node_by_node_volumes_before_their_display(ct, phantom, tmp_path):
    nodes = slicer.mrmlScene.GetNumberOfNodes()
    preview = importPreview(write_preview_folder(phantom, tmp_path / "preview", 1), ct, prepare(ct))
    display, removed = preview.heatMap.GetDisplayNode(), []

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def note(_scene, _event, node):
        removed.append(node)

    tag = slicer.mrmlScene.AddObserver(slicer.mrmlScene.NodeAboutToBeRemovedEvent, note)
    try:
        steps = preview.removeSteps()
        next(steps)
        assert preview.segmentation.GetScene() is None
        assert preview.heatMap.GetScene() is not None
        steps.close()
    finally:
        slicer.mrmlScene.RemoveObserver(tag)
    assert removed.index(preview.heatMap) < removed.index(display)
    assert slicer.mrmlScene.GetNumberOfNodes() == nodes
    preview.remove()


def test_a_preview_sharpens_in_place_and_goes_away(ct, phantom, tmp_path):
    given, nodes = prepare(ct), slicer.mrmlScene.GetNumberOfNodes()
    one = synthetic_segmentation("axial LPS", SHAPE, blobs=())
    first = importPreview(write_preview_folder(one, tmp_path / "1", 1), ct, given)
    assert first.segmentation.GetSegmentation().GetNumberOfSegments() == 0
    during = slicer.mrmlScene.GetNumberOfNodes()
    second = importPreview(write_preview_folder(phantom, tmp_path / "2", 2), ct, given, first)
    assert second.segmentation is first.segmentation
    assert second.samples == 2
    assert slicer.mrmlScene.GetNumberOfNodes() == during
    assert set(second.segmentation.GetSegmentation().GetSegmentIDs()) == PRESENT
    assert np.array_equal(slicer.util.arrayFromVolume(second.heatMap), phantom.entropy)
    assert not second.segmentation.GetSaveWithScene()
    second.remove()
    assert slicer.mrmlScene.GetNumberOfNodes() == nodes
    slicer.mrmlScene.RemoveNode(ct)
    with pytest.raises(ResultDroppedError):
        importPreview(tmp_path / "2", ct, given, second)


@pytest.mark.parametrize("damage", ["missing", "cut", "shape", "newer"])
def test_damaged_result_files_are_refused_in_one_sentence(damage, phantom, tmp_path):
    folder = write_result_folder(phantom, tmp_path / "out")
    if damage == "missing":
        (folder / "entropy.npy").unlink()
    elif damage == "cut":
        (folder / "entropy.npy").write_bytes((folder / "entropy.npy").read_bytes()[:500])
    elif damage == "shape":
        np.save(folder / "variance.npy", phantom.variance[1:])
    else:
        text = (folder / "result.json").read_text(encoding="utf-8")
        (folder / "result.json").write_text(text.replace('"schema_version":1', '"schema_version":9'), encoding="utf-8")
    with pytest.raises(UnreadableInputError, match="segment") as caught:
        ResultFiles.read(folder)
    assert str(caught.value).count(".\n") == 0


@pytest.mark.skipif(not can_count(), reason="memory is read from the C library of Linux")
def test_memory_does_not_grow_with_runs(tmp_path):
    """Each run holds 4 MB of maps and samples: one that was kept could not be overlooked."""
    phantom = synthetic_segmentation("axial LPS", (16, 72, 72))
    ct = add_ct(phantom.ct.hu, phantom.ct.affine)
    files = ResultFiles.read(write_result_folder(phantom, tmp_path / "out", samples=10))
    for run in range(20):
        importResult(files, ct, prepare(ct))
        if run == 4:
            before = allocated_mb()
    assert allocated_mb() - before < 4
