"""From a CT to a saved scene through the panel, with the real engine and a tiny network."""

from __future__ import annotations

import os

import numpy as np
import pytest
import slicer

from harness.event_loop import wait_until
from harness.heartbeat import least_late_ms
from harness.scene_ct import add_ct
from HemorrhageUncertaintyLib.heat_map import HeatMap
from HemorrhageUncertaintyLib.hemorrhage_result import HemorrhageResult
from HemorrhageUncertaintyLib.process_tree import descendants
from HemorrhageUncertaintyLib.review import Review
from HemorrhageUncertaintyLib.table_node import columnValues


@pytest.fixture
def widget(hosted_module):
    """The panel, opened."""
    slicer.util.selectModule(hosted_module.name)
    return slicer.util.getModuleWidget(hosted_module.name)


def texts(table):
    """Return what a table of the panel shows."""
    return [[table.item(row, column).text() for column in range(table.columnCount)] for row in range(table.rowCount)]


def test_from_a_ct_to_a_saved_scene_and_back(widget, phantom_ct, tiny_model, tmp_path):
    import hemorrhage

    processes = set(descendants(os.getpid()))
    ui, node = widget.ui, widget.logic.getParameterNode()
    ui.ctSelector.setCurrentNode(add_ct(phantom_ct.hu, phantom_ct.affine, "CT é"))
    node.model, node.device = str(tiny_model), "cpu"
    ui.samplesSpinBox.value = 2
    ui.transformsSpinBox.value = 2
    ui.seedSpinBox.value = 3
    ui.arrangeViewsButton.click()  # the stand-in makes views only now; the application has them
    wait_until(lambda: not widget.display.isDrawing)

    def segment():
        ui.segmentButton.click()
        wait_until(lambda: not widget.run.isRunning, 120)
        assert ui.statusLabel.text.startswith("Done: ")

    assert least_late_ms(segment) < 100

    (result,) = HemorrhageResult.all()
    expected = hemorrhage.segment(phantom_ct, tiny_model, samples=2, transforms=2, seed=3, device="cpu")
    volumes = result.node("volumesTable")
    assert columnValues(volumes, "subtype") == [volume.name for volume in expected.volumes]
    expected_ml = [volume.volume_ml for volume in expected.volumes]
    assert columnValues(volumes, "volume_ml") == pytest.approx(expected_ml, rel=1e-6)  # six digits
    assert [row[0] for row in texts(ui.volumesTable)] == ["IPH", "SDH", "Total"]
    assert HeatMap(result).isShown
    entropy = slicer.util.arrayFromVolume(result.map("entropy"))
    np.testing.assert_array_equal(entropy, expected.entropy)

    ui.mapComboBox.setCurrentIndex(ui.mapComboBox.findData("entropy"))
    shown = texts(ui.volumesTable), texts(ui.lesionsTable), texts(ui.placesTable), ui.reviewLabel.text
    style = HeatMap(result).name, HeatMap(result).range, HeatMap(result).threshold
    summary = result.summary
    path = str(tmp_path / "scene.mrb")
    assert slicer.util.saveScene(path)
    slicer.mrmlScene.Clear(False)
    assert ui.volumesTable.rowCount == 0
    slicer.util.loadScene(path)

    (loaded,) = HemorrhageResult.all()
    assert ui.resultSelector.currentNode() is loaded.record
    assert ui.samplesSpinBox.value == 2
    assert (texts(ui.volumesTable), texts(ui.lesionsTable), texts(ui.placesTable), ui.reviewLabel.text) == shown
    assert loaded.summary == summary
    assert HeatMap(loaded).isShown
    assert (HeatMap(loaded).name, HeatMap(loaded).range, HeatMap(loaded).threshold) == style
    np.testing.assert_array_equal(slicer.util.arrayFromVolume(loaded.map("entropy")), expected.entropy)
    review = Review(loaded)
    assert review.reviewedMl()["total"] == pytest.approx(expected.volumes[-1].volume_ml)

    slicer.util.reloadScriptedModule("HemorrhageUncertainty")
    wait_until(lambda: set(descendants(os.getpid())) <= processes)
