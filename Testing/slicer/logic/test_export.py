"""A result as files."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
import SimpleITK
import slicer

from harness.result_in_scene import add_ct, add_result
from harness.synthetic_segmentation import synthetic_segmentation
from hemorrhage.reading import to_simpleitk
from hemorrhage.writing import tables
from HemorrhageUncertaintyLib.export import ExportError, export, saveReport
from HemorrhageUncertaintyLib.marks import ItemKind, Mark, Marks
from HemorrhageUncertaintyLib.review import Review
from HemorrhageUncertaintyLib.tables import makeTables


@pytest.fixture
def segmentation():
    return synthetic_segmentation()


@pytest.fixture
def result(scene, segmentation, tmp_path):
    return add_result(tmp_path / "engine", add_ct(segmentation))


def rows_of(path):
    """Return the rows of a CSV file as dictionaries."""
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_tables_begin_with_the_engines_columns_and_values(result, segmentation, tmp_path):
    Marks(result.record).set(ItemKind.LESION, 1, Mark.CONFIRMED)
    export(result, tmp_path / "out")
    for name, write in (("volumes.csv", tables.write_volumes), ("lesions.csv", tables.write_lesions)):
        write(segmentation, tmp_path / name)
        expected, found = rows_of(tmp_path / name), rows_of(tmp_path / "out" / name)
        assert len(found) == len(expected) > 0
        assert list(found[0])[: len(expected[0])] == list(expected[0])
        assert [{key: row[key] for key in expected[0]} for row in found] == expected
    assert rows_of(tmp_path / "out" / "lesions.csv")[0]["mark"] == "confirmed"
    assert [float(row["score_ml"]) for row in rows_of(tmp_path / "out" / "places.csv")] == pytest.approx(
        [place.score_ml for place in segmentation.places], rel=1e-5
    )


def test_reviewed_volume_leaves_out_what_was_rejected(result, tmp_path):
    makeTables(result)
    review = Review(result)
    review.start()
    lesion = result.summary["lesions"][0]
    review.mark(ItemKind.LESION, lesion["number"], Mark.REJECTED)
    export(result, tmp_path / "out")
    total = rows_of(tmp_path / "out" / "volumes.csv")[-1]
    left = float(total["volume_ml"]) - lesion["volume_ml"]
    assert float(total["reviewed_ml"]) == pytest.approx(left, rel=1e-4)


@pytest.mark.parametrize("image_format", ["nrrd", "nii.gz"])
def test_images_lie_where_the_ct_lies(result, segmentation, tmp_path, image_format):
    written = export(result, tmp_path / "out", image_format)
    assert all(path.is_file() for path in written)
    expected = to_simpleitk(segmentation.labels, segmentation.ct)
    labels = SimpleITK.ReadImage(str(tmp_path / "out" / f"labels.{image_format}"))
    np.testing.assert_array_equal(SimpleITK.GetArrayFromImage(labels), segmentation.labels)
    entropy = SimpleITK.ReadImage(str(tmp_path / "out" / f"entropy.{image_format}"))
    np.testing.assert_array_equal(SimpleITK.GetArrayFromImage(entropy), segmentation.entropy.astype(np.float32))
    for image in (labels, entropy):
        for index in ((0, 0, 0), (47, 3, 15)):
            np.testing.assert_allclose(
                image.TransformIndexToPhysicalPoint(index), expected.TransformIndexToPhysicalPoint(index), atol=1e-4
            )
    names = {path.name.partition(".")[0] for path in written}
    assert {"variance", "mutual_information", "probability_IPH", "report", "result"} <= names


def test_images_are_in_world_space_under_a_linear_transform(scene, segmentation, tmp_path):
    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    matrix = np.eye(4)
    matrix[:3, 3] = (10, 20, 30)  # RAS
    transform.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(matrix))
    result = add_result(tmp_path / "engine", add_ct(segmentation), transform)
    export(result, tmp_path / "out")
    found = SimpleITK.ReadImage(str(tmp_path / "out" / "labels.nrrd")).TransformIndexToPhysicalPoint((5, 6, 7))
    before = to_simpleitk(segmentation.labels, segmentation.ct).TransformIndexToPhysicalPoint((5, 6, 7))
    np.testing.assert_allclose(np.subtract(found, before), (-10, -20, 30), atol=1e-4)  # LPS


def test_export_changes_nothing_in_the_scene(result, scene, tmp_path):
    before = [scene.GetNthNode(index).GetID() for index in range(scene.GetNumberOfNodes())]
    export(result, tmp_path / "out")
    assert [scene.GetNthNode(index).GetID() for index in range(scene.GetNumberOfNodes())] == before
    assert result.map("entropy").GetStorageNode() is None


def test_edits_are_exported(result, tmp_path):
    result.segmentation.GetSegmentation().RemoveSegment("IPH")
    export(result, tmp_path / "out")
    labels = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(tmp_path / "out" / "labels.nrrd")))
    assert (labels > 0).any()
    assert not (labels == result.summary["classes"].index("IPH")).any()


def test_report_and_summary_are_the_engines(result, tmp_path):
    path = saveReport(result, tmp_path / "new folder é" / "report.html")
    assert path.read_text(encoding="utf-8") == result.report.GetText()
    export(result, tmp_path / "out")
    assert json.loads((tmp_path / "out" / "result.json").read_text(encoding="utf-8")) == result.summary


def test_folder_that_cannot_be_written_is_told(result, tmp_path):
    (tmp_path / "file").touch()
    for write in (saveReport, export):
        with pytest.raises(ExportError, match="choose another folder"):
            write(result, tmp_path / "file" / "inside")
