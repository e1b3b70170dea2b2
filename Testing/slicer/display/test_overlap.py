"""Overlap of two segmentations of one CT, against a plain count of voxels."""

from __future__ import annotations

import math

import numpy as np
import pytest
import slicer

from harness.result_in_scene import add_ct, add_result
from harness.synthetic_segmentation import BLOBS, synthetic_segmentation
from HemorrhageUncertaintyLib.method_table import methodTableOf, methodTableSteps
from HemorrhageUncertaintyLib.overlap import diceSteps
from HemorrhageUncertaintyLib.step_runner import allSteps
from HemorrhageUncertaintyLib.table_node import columnValues

#: The same hemorrhages, one moved, one larger, one called by another name.
OTHER = (
    ("IPH", (-28.0, 9.0, 8.0), (17.0, 22.0, 18.0), 6.0),
    ("SDH", (58.0, 25.0, 20.0), (9.0, 26.0, 26.0), 3.0),
    ("EDH", BLOBS[2][1], BLOBS[2][2], BLOBS[2][3]),
)


@pytest.fixture
def pair(tmp_path):
    ct = add_ct(synthetic_segmentation())
    return add_result(tmp_path / "first", ct), add_result(tmp_path / "second", ct, blobs=OTHER, method="deterministic", samples=1)


def counted(*labels: np.ndarray) -> dict[str, float]:
    """Dice of each subtype and of any hemorrhage, from two label maps; NaN where neither has it."""
    masks = {name: [each == label for each in labels] for label, name in enumerate(("EDH", "IPH", "IVH", "SAH", "SDH"), 1)}
    masks["total"] = [each > 0 for each in labels]
    return {
        name: 2 * np.logical_and(a, b).sum() / (a.sum() + b.sum()) if a.any() or b.any() else math.nan
        for name, (a, b) in masks.items()
    }


def test_dice_is_that_of_the_label_maps(pair):
    expected = counted(synthetic_segmentation().labels, synthetic_segmentation(blobs=OTHER).labels)
    found = allSteps(diceSteps(*pair))
    assert found == pytest.approx(expected, nan_ok=True)
    assert 0.5 < found["IPH"] < 1
    assert found["SAH"] == found["EDH"] == 0
    assert math.isnan(found["IVH"])
    assert allSteps(diceSteps(*reversed(pair))) == pytest.approx(expected, nan_ok=True)
    assert allSteps(diceSteps(pair[0], pair[0]))["total"] == pytest.approx(1)


def test_edits_count_also_on_another_grid(pair):
    """A segment that was edited at twice the resolution covers the same space, and overlaps fully with what it was."""
    segmentation = pair[0].segmentation
    twice = slicer.vtkMRMLScalarVolumeNode()
    slicer.util.updateVolumeFromArray(twice, np.zeros((32, 96, 96), np.int16))
    matrix = _ijk_to_ras(pair[0].ct)
    fine = matrix @ np.diag([0.5, 0.5, 0.5, 1])
    fine[:3, 3] = matrix[:3, 3] - matrix[:3, :3] @ np.full(3, 0.25)
    twice.SetIJKToRASMatrix(slicer.util.vtkMatrixFromArray(fine))
    slicer.mrmlScene.AddNode(twice)
    labels = slicer.util.arrayFromSegmentBinaryLabelmap(segmentation, "IPH", pair[0].ct)
    before = allSteps(diceSteps(*pair))
    finer = np.kron(labels, np.ones((2, 2, 2), np.uint8))
    slicer.util.updateSegmentBinaryLabelmapFromArray(finer, segmentation, "IPH", twice)
    assert allSteps(diceSteps(*pair)) == pytest.approx(before, abs=1e-6, nan_ok=True)


def test_table_has_a_row_for_each_subtype_and_is_used_again(pair):
    table = allSteps(methodTableSteps(*pair))
    assert columnValues(table, "subtype") == ["EDH", "IPH", "IVH", "SAH", "SDH", "total"]
    volumes = [{row["name"]: row for row in result.summary["volumes"]} for result in pair]
    for name, a, b, difference in zip(
        *(columnValues(table, key) for key in ("subtype", "a_ml", "b_ml", "difference_ml")), strict=True
    ):
        assert a == pytest.approx(volumes[0][name]["volume_ml"], abs=1e-3)
        assert b == pytest.approx(volumes[1][name]["volume_ml"], abs=1e-3)
        assert difference == pytest.approx(b - a, abs=2e-3)
    assert all(low <= high for low, high in zip(columnValues(table, "a_low_ml"), columnValues(table, "a_high_ml"), strict=True))
    assert all(math.isnan(low) for low in columnValues(table, "b_low_ml") + columnValues(table, "difference_low_ml"))
    assert methodTableOf(*pair) is table
    assert methodTableOf(pair[1], pair[0]) is None
    assert allSteps(methodTableSteps(*pair)) is table
    pair[1].remove()
    assert table.GetScene() is None


def _ijk_to_ras(volume) -> np.ndarray:
    import vtk

    matrix = vtk.vtkMatrix4x4()
    volume.GetIJKToRASMatrix(matrix)
    return slicer.util.arrayFromVTKMatrix(matrix)
