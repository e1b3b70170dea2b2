"""Reading place by place: points, marks, navigation, and totals that follow edits."""

import numpy as np
import pytest
import slicer
import vtk
from vtk.util.numpy_support import vtk_to_numpy

from harness.result_in_scene import add_result
from HemorrhageUncertaintyLib import review as review_module
from HemorrhageUncertaintyLib import review_points as points_module
from HemorrhageUncertaintyLib.algorithm_tags import NAME_TAG, TYPE_TAG, tagAutomatic, tagOf
from HemorrhageUncertaintyLib.edit_follower import EditFollower
from HemorrhageUncertaintyLib.hemorrhage_result import HemorrhageResult
from HemorrhageUncertaintyLib.marks import ItemKind, Mark
from HemorrhageUncertaintyLib.review import Review
from HemorrhageUncertaintyLib.table_node import columnValues
from HemorrhageUncertaintyLib.tables import makeTables

LESION, PLACE = ItemKind.LESION, ItemKind.PLACE


def at_once(call):
    call()


@pytest.fixture
def review(result):
    found = Review(result)
    found.start()
    return found


def edit(result, segment, change):
    """Change a segment as the Segment Editor does: new voxels of the same segment."""
    array = slicer.util.arrayFromSegmentBinaryLabelmap(result.segmentation, segment, result.ct)
    change(array)
    slicer.util.updateSegmentBinaryLabelmapFromArray(array, result.segmentation, segment, result.ct)


def lesion(result, subtype):
    return next(row for row in result.summary["lesions"] if row["name"] == subtype)


def volumes(result, column="reviewed_ml"):
    table = result.node("volumesTable")
    return dict(zip(columnValues(table, "subtype"), columnValues(table, column), strict=True))


def hardened_statistics_ml(result, segment):
    """Volume by Segment Statistics' definition, voxels times spacing, which sees a transform only when it is hardened."""
    copy = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    copy.GetSegmentation().DeepCopy(result.segmentation.GetSegmentation())
    copy.SetAndObserveTransformNodeID(result.segmentation.GetTransformNodeID())
    copy.HardenTransform()
    image = slicer.vtkOrientedImageData()
    copy.GetBinaryLabelmapRepresentation(segment, image)
    slicer.mrmlScene.RemoveNode(copy)
    return np.count_nonzero(vtk_to_numpy(image.GetPointData().GetScalars())) * np.prod(image.GetSpacing()) / 1000


def test_points_are_named_locked_and_inside_what_they_name(review):
    result = review.result
    node = result.node("lesions")
    assert node.GetLocked()
    assert node.GetDisplayNode().GetVisibility2D()
    assert not node.GetDisplayNode().GetVisibility3D()
    assert node.GetNthControlPointLabel(0) == f"1 IPH {lesion(result, 'IPH')['volume_ml']:.1f} mL"
    assert node.GetNumberOfControlPoints() == len(result.summary["lesions"])
    numbers = slicer.util.arrayFromVolume(result.node("lesionNumbers"))
    assert result.node("lesionNumbers").GetHideFromEditors()
    for item in review.items(LESION):
        matrix = vtk.vtkMatrix4x4()
        result.ct.GetRASToIJKMatrix(matrix)
        ijk = matrix.MultiplyPoint((*item.ras, 1))[:3]
        column, row, number = (round(value) for value in ijk)
        assert numbers[number, row, column] == item.number
    places = review.items(PLACE)
    assert [place.number for place in places] == [row["rank"] for row in result.summary["places"]]
    assert places[0].ras == pytest.approx(result.summary["places"][0]["centre_ras"], abs=1e-3)
    assert all(place.title.endswith("?") and "background" not in place.title for place in places)


def test_untouched_totals_are_the_engines(review):
    for name, volume in volumes(review.result, "volume_ml").items():
        assert volumes(review.result)[name] == pytest.approx(volume, abs=1e-3)
    assert review.reviewedMl()["total"] == pytest.approx(volumes(review.result, "volume_ml")["total"], abs=1e-3)


def test_stepping_goes_round_and_brings_the_views(review):
    items = review.items()
    assert review.current is None
    slicer.app.layoutManager().setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView)
    views = {name: slicer.app.layoutManager().sliceWidget(name).mrmlSliceNode() for name in ("Yellow", "Green", "Red")}
    seen = [review.next() for _ in items]
    assert seen == items
    assert review.next() == items[0]
    assert review.previous() == items[-1]
    slices = [abs(views[name].GetSliceOffset()) for name in ("Yellow", "Green", "Red")]  # sagittal slices count to the left
    assert slices == pytest.approx([abs(place) for place in items[-1].ras])
    assert review.goTo(PLACE, 1).kind is PLACE
    assert review.current == review.items(PLACE)[0]
    with pytest.raises(KeyError):
        review.goTo(LESION, 999)


def test_lesions_that_are_not_drawn_can_be_reviewed_too(result, monkeypatch):
    for module in (review_module, points_module):
        monkeypatch.setattr(module, "MOST_SHOWN", 1)
    review = Review(result)
    review.start()
    node = result.node("lesions")
    count = len(result.summary["lesions"])
    assert count > 2
    assert [node.GetNthControlPointVisibility(index) for index in range(count)] == [True] + [False] * (count - 1)
    assert review.next().number == 1
    assert review.next() == review.items(PLACE)[0]
    assert review.previous() == review.items(LESION)[0]
    assert review.goTo(LESION, 2).number == 2
    assert review.next() == review.items(PLACE)[0]
    review.mark(LESION, 3, Mark.REJECTED)
    assert columnValues(result.node("lesionsTable"), "mark")[2] == "rejected"


def test_rejected_lesion_leaves_the_total(review):
    result = review.result
    number = lesion(result, "IPH")["number"]
    review.mark(LESION, number, Mark.REJECTED)
    assert volumes(result)["IPH"] == pytest.approx(0, abs=1e-3)
    others = sum(volume for name, volume in volumes(result, "volume_ml").items() if name not in ("IPH", "total"))
    assert volumes(result)["total"] == pytest.approx(others, abs=2e-3)
    assert volumes(result, "volume_ml")["IPH"] > 10
    assert columnValues(result.node("lesionsTable"), "mark")[number - 1] == "rejected"
    assert not result.node("lesions").GetNthControlPointSelected(number - 1)
    assert result.node("lesions").GetNthControlPointDescription(number - 1) == "rejected"
    review.mark(LESION, number, Mark.CONFIRMED)
    assert volumes(result)["IPH"] == pytest.approx(volumes(result, "volume_ml")["IPH"], abs=1e-3)
    assert result.node("lesions").GetNthControlPointSelected(number - 1)


def test_places_are_marked_too(review):
    review.goTo(PLACE, 1)
    review.markCurrent(Mark.CONFIRMED)
    assert review.current.mark is Mark.CONFIRMED
    assert columnValues(review.result.node("placesTable"), "mark")[0] == "confirmed"
    assert review.items(LESION)[0].mark is Mark.UNREVIEWED


def test_totals_and_marks_follow_edits(review):
    result = review.result
    review.follow(at_once)
    number = lesion(result, "IPH")["number"]
    before = volumes(result)["IPH"]

    def halve(array):
        slices = np.flatnonzero(array.any(axis=(1, 2)))
        array[slices[: len(slices) // 2]] = 0

    edit(result, "IPH", halve)
    voxel_ml = result.summary["input"]["voxel_volume_ml"]
    left = np.count_nonzero(slicer.util.arrayFromSegmentBinaryLabelmap(result.segmentation, "IPH", result.ct)) * voxel_ml
    assert 0 < left < before
    assert volumes(result)["IPH"] == pytest.approx(left, abs=1e-3)
    assert review.items(LESION)[number - 1].mark is Mark.EDITED
    assert columnValues(result.node("lesionsTable"), "reviewed_ml")[number - 1] == pytest.approx(left, abs=1e-3)
    sdh = lesion(result, "SDH")["number"]
    assert review.items(LESION)[sdh - 1].mark is Mark.UNREVIEWED
    review.mark(LESION, number, Mark.CONFIRMED)
    edit(result, "SDH", lambda array: array.fill(0))
    assert review.items(LESION)[number - 1].mark is Mark.CONFIRMED
    assert volumes(result)["SDH"] == 0


def test_exporters_are_told_what_a_person_has_changed(review):
    """Slicer's exporter of DICOM Segmentation objects takes a segment without these tags for a manual one."""
    result = review.result
    review.follow(at_once)

    def how():
        segments = result.segmentation.GetSegmentation()
        return {name: tagOf(segments.GetSegment(name), TYPE_TAG) for name in segments.GetSegmentIDs()}

    assert how() == {"IPH": "AUTOMATIC", "SAH": "AUTOMATIC", "SDH": "AUTOMATIC"}
    assert tagOf(result.segmentation.GetSegmentation().GetSegment("IPH"), NAME_TAG) == "HemorrhageUncertainty, tta, phantom"
    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    transform.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(np.diag([2.0, 1, 1, 1])))
    result.segmentation.SetAndObserveTransformNodeID(transform.GetID())
    assert set(how().values()) == {"AUTOMATIC"}
    result.segmentation.SetAndObserveTransformNodeID(None)
    edit(result, "IPH", lambda array: array[:, ::2].fill(0))
    result.segmentation.GetSegmentation().AddEmptySegment("EDH", "EDH")
    edit(result, "EDH", lambda array: array[5:7, 5:7, 5:7].fill(1))
    assert how() == {"IPH": "SEMIAUTOMATIC", "SAH": "AUTOMATIC", "SDH": "AUTOMATIC", "EDH": ""}


def test_what_exporters_are_told_survives_saving(review, tmp_path):
    name = "a model | with \\ and : in a name that is longer than what DICOM has room for"
    tagAutomatic(review.result.segmentation, name)
    path = str(tmp_path / "segmentation.seg.nrrd")
    assert slicer.util.saveNode(review.result.segmentation, path)
    segment = slicer.util.loadSegmentation(path).GetSegmentation().GetSegment("IPH")
    assert tagOf(segment, TYPE_TAG) == "AUTOMATIC"
    assert tagOf(segment, NAME_TAG) == "HemorrhageUncertainty, a model / with / and : in a name that is"


def test_voxels_added_to_a_rejected_lesion_are_rejected_and_new_ones_count(review):
    result = review.result
    number = lesion(result, "IPH")["number"]
    review.mark(LESION, number, Mark.REJECTED)

    def grow(array):
        first = np.nonzero(array)[0].min()
        row, column = np.argwhere(array[first])[0]
        array[first - 1, row, column] = 1  # touches the lesion
        array[1, 2:4, 2:4] = 1  # far away from everything

    edit(result, "IPH", grow)
    review.update()
    voxel_ml = result.summary["input"]["voxel_volume_ml"]
    assert volumes(result)["IPH"] == pytest.approx(4 * voxel_ml, abs=1e-3)
    assert review.items(LESION)[number - 1].mark is Mark.REJECTED


def test_a_subtype_that_the_user_adds_counts(review):
    result = review.result
    segments = result.segmentation.GetSegmentation()
    if segments.GetSegment("EDH"):
        segments.RemoveSegment("EDH")
    identifier = segments.AddEmptySegment("Segment_1", "EDH")
    array = np.zeros(slicer.util.arrayFromVolume(result.ct).shape, np.uint8)
    array[5, 10:12, 10:13] = 1
    slicer.util.updateSegmentBinaryLabelmapFromArray(array, result.segmentation, identifier, result.ct)
    review.update()
    assert volumes(result)["EDH"] == pytest.approx(6 * result.summary["input"]["voxel_volume_ml"], abs=1e-3)


def test_following_stops(review):
    review.follow(at_once)
    review.stop()
    before = volumes(review.result)
    edit(review.result, "IPH", lambda array: array.fill(0))
    assert volumes(review.result) == before


def test_a_stroke_is_counted_once(result):
    waiting, counted = [], []
    follower = EditFollower(result.segmentation, lambda: counted.append(1), waiting.append)
    for value in range(3):
        edit(result, "IPH", lambda array, value=value: array.__setitem__((0, 0, value), 1))
    assert len(waiting) > 1
    for call in waiting:
        call()
    assert counted == [1]
    edit(result, "IPH", lambda array: array.fill(0))
    follower.stop()
    waiting[-1]()
    assert counted == [1]


def test_closing_the_scene_while_a_count_waits_is_harmless(review):
    waiting = []
    review.follow(waiting.append)
    edit(review.result, "IPH", lambda array: array.fill(0))
    slicer.mrmlScene.Clear(False)
    for call in waiting:
        call()


def test_repetition_makes_no_nodes(review):
    before = slicer.mrmlScene.GetNumberOfNodes()
    for _round in range(3):
        review.start()
        Review(review.result).update()
        review.next()
    assert slicer.mrmlScene.GetNumberOfNodes() == before


def test_nothing_is_left_of_a_removed_result(review):
    review.result.remove()
    assert not slicer.util.getNodesByClass("vtkMRMLMarkupsNode")
    assert len(slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")) == 1


@pytest.mark.parametrize("orientation", ["oblique", "left-handed", "sagittal"])
def test_under_a_linear_transform_volumes_and_points_are_those_of_the_world(tmp_path, orientation):
    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    matrix = np.eye(4)
    matrix[:3, :3] = np.diag([1.5, 1.0, 0.8])
    matrix[:3, 3] = 20, -10, 5
    transform.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(matrix))
    result = add_result(tmp_path / "files", transform=transform, orientation=orientation)
    makeTables(result)
    review = Review(result)
    review.start()
    for name, volume in volumes(result, "volume_ml").items():
        assert volumes(result)[name] == pytest.approx(volume, abs=2e-3)
    iph = lesion(result, "IPH")
    assert review.items(LESION)[iph["number"] - 1].ras == pytest.approx(iph["centre_ras"], abs=8)
    if orientation != "oblique":  # hardening would resample what the transform has sheared
        assert volumes(result)["IPH"] == pytest.approx(hardened_statistics_ml(result, "IPH"), abs=1e-3)
    before = review.items(LESION)[0].ras
    review.follow(at_once)
    matrix[0, 3] += 7
    matrix[:3, :3] *= 1.1
    transform.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(matrix))
    assert volumes(result)["IPH"] == pytest.approx(iph["volume_ml"] * 1.331, abs=2e-3)
    assert review.items(LESION)[0].ras != pytest.approx(before, abs=1)
    assert review.items(LESION)[0].mark is Mark.UNREVIEWED  # moved, not edited


def test_under_a_tilted_gantrys_transform_each_voxel_has_its_own_volume(tmp_path, bend):
    result = add_result(tmp_path / "files", transform=bend, shape=(24, 64, 64))
    assert result.ct.GetParentTransformNode() is bend
    makeTables(result)
    review = Review(result)
    review.start()
    for name in ("IPH", "SDH", "total"):  # measured on a straight grid, counted on the CT's own voxels
        assert volumes(result)[name] == pytest.approx(volumes(result, "volume_ml")[name], rel=0.08)
    for item, row in zip(review.items(LESION), result.summary["lesions"], strict=True):
        if row["volume_ml"] > 1:
            assert item.ras == pytest.approx(row["centre_ras"], abs=8)
    assert review.items(PLACE)[0].ras == pytest.approx(result.summary["places"][0]["centre_ras"], abs=0.1)


def test_review_survives_saving_and_loading(review, tmp_path):
    result = review.result
    number = lesion(result, "IPH")["number"]
    review.mark(LESION, number, Mark.REJECTED)
    review.mark(PLACE, 1, Mark.CONFIRMED)
    before = {
        role: {
            result.node(role).GetColumnName(index): columnValues(result.node(role), result.node(role).GetColumnName(index))
            for index in range(result.node(role).GetNumberOfColumns())
        }
        for role in ("volumesTable", "lesionsTable", "placesTable")
    }
    items, totals = review.items(), review.reviewedMl()
    assert slicer.util.saveScene(str(tmp_path / "scene with é.mrb"))
    slicer.mrmlScene.Clear(False)
    slicer.util.loadScene(str(tmp_path / "scene with é.mrb"))
    [loaded] = HemorrhageResult.all()
    for role, columns in before.items():
        table = loaded.node(role)
        for name, values in columns.items():
            assert columnValues(table, name) == values, (role, name)
        assert table.GetColumnUnitLabel("volume_ml") == "mL"
    again = Review(loaded)
    assert [(item.title, item.mark) for item in again.items()] == [(item.title, item.mark) for item in items]
    assert again.items()[0].ras == pytest.approx(items[0].ras, abs=1e-3)
    assert again.reviewedMl() == pytest.approx(totals)
    count = slicer.mrmlScene.GetNumberOfNodes()
    again.update()
    assert slicer.mrmlScene.GetNumberOfNodes() == count
    assert again.items(LESION)[number - 1].mark is Mark.REJECTED
