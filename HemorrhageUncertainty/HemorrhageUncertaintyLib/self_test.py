"""What a person would try first, done inside the running application: Reload and Test, or the self-test module."""

# Slicer runs it with unittest, whose assertions say more than plain ones there.
# ruff: noqa: PT009

import os
import time
import unittest
from pathlib import Path

import slicer
from slicer.i18n import tr as _
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleTest

from .algorithm_tags import EDITED, TYPE_TAG, tagOf
from .head_rendering import isHeadShown
from .heat_map import HeatMap
from .hemorrhage_result import HemorrhageResult
from .hierarchy import folderOf
from .layout import LAYOUT_ID
from .missing_packages import find_missing
from .process_tree import descendants
from .sample_data import CATEGORY, SAMPLE_NAME, loadSimulatedCT, registerSampleData
from .side_by_side import SideBySide
from .table_node import columnValues

_MODULE = "HemorrhageUncertainty"
_TIMEOUT_S = 900
_SHAPE = (16, 96, 96)


def _processes():
    """Return the processes below this one, where the system lists them."""
    return set(descendants(os.getpid())) if os.name == "posix" else set()


class HemorrhageUncertaintyTest(ScriptedLoadableModuleTest):
    """Walks through the module with small simulated CTs, as the checklist of its documentation does.

    Attributes
    ----------
    model : str
        Which one segments: as short as a test may take.
    """

    model = "default"

    def setUp(self):
        """Begin with an empty scene."""
        missing = find_missing()
        if missing and slicer.app.testingEnabled():  # then nobody is asked whether they may be installed
            raise unittest.SkipTest(f"packages of the engine are not installed: {missing}")
        slicer.mrmlScene.Clear()

    def runTest(self):
        """Run all tests."""
        for test in (
            self.test_sample_data_is_offered,
            self.test_from_a_ct_to_a_saved_scene,
            self.test_later_ct_is_compared_with_an_earlier_one,
            self.test_cancel_leaves_the_scene_as_it_was,
            self.test_closed_scene_and_deleted_ct_end_a_segmentation,
        ):
            try:
                self.setUp()
            except unittest.SkipTest as reason:
                self.delayDisplay(str(reason))
                return
            test()

    def test_sample_data_is_offered(self):
        """Both simulated CTs are in Sample Data, with a picture."""
        import SampleData

        registerSampleData()  # a test may begin before the application's start is complete
        sources = SampleData.SampleDataLogic.sampleDataSourcesByCategory(CATEGORY)
        self.assertIn(SAMPLE_NAME, [source.sampleName for source in sources])
        self.assertTrue(all(Path(source.thumbnailFileName).is_file() for source in sources))

    def test_from_a_ct_to_a_saved_scene(self):
        """Segment through the panel, look, review, edit, compare two methods, take away, save, and load again."""
        ct = self._loadCT("CT")
        widget, ui = self._open(ct)
        widget.logic.getParameterNode().keepSamples = True
        result = self._segment(widget)
        self._look(widget, result)
        self._review(widget, result)
        self._edit(widget, result)
        self._takeAway(widget, result)
        self._compareMethods(widget, result)
        self._saveAndLoad(ui, len(HemorrhageResult.all()))
        self.delayDisplay(_("A simulated CT was segmented, read, saved and loaded"))

    def test_later_ct_is_compared_with_an_earlier_one(self):
        """The table of change appears, and the probability of expansion is one."""
        results = []
        for name, volumeMl in (("earlier", 8.0), ("later", 20.0)):
            widget, ui = self._open(self._loadCT(name, volumeMl))
            results.append(self._segment(widget))
        node = widget.logic.getParameterNode()
        node.earlier, node.later = (result.record for result in results)
        ui.compareButton.click()
        table = results[1].node("comparisonTable")
        self.assertEqual(columnValues(table, "subtype")[-1], "total")
        change = columnValues(table, "later_ml")[-1] - columnValues(table, "earlier_ml")[-1]
        self.assertAlmostEqual(columnValues(table, "change_ml")[-1], change, delta=0.01)
        self.assertTrue(all(0 <= share <= 1 for share in columnValues(table, "probability_expansion")))
        self.delayDisplay(_("A later CT was compared with an earlier one"))

    def test_cancel_leaves_the_scene_as_it_was(self):
        """Start, cancel, and count nodes and processes."""
        widget, ui = self._open(self._loadCT("CT"))
        nodes = slicer.mrmlScene.GetNumberOfNodes()
        started = self._start(widget)
        ui.segmentButton.click()
        self.assertFalse(widget.run.isRunning)
        self.assertEqual(slicer.mrmlScene.GetNumberOfNodes(), nodes)
        self._waitFor(lambda: not started & _processes())
        self.delayDisplay(_("Canceling left the scene as it was"))

    def test_closed_scene_and_deleted_ct_end_a_segmentation(self):
        """Neither leaves a process or a node behind."""
        for end in (slicer.mrmlScene.Clear, lambda: slicer.mrmlScene.RemoveNode(slicer.util.getNode("CT"))):
            widget, _ui = self._open(self._loadCT("CT"))
            started = self._start(widget)
            end()
            self.assertFalse(widget.run.isRunning)
            self._waitFor(lambda: not started & _processes())  # noqa: B023 - called at once
            self.assertEqual(HemorrhageResult.all(), [])
            self.assertEqual(slicer.util.getNodesByClass("vtkMRMLSegmentationNode"), [])
        self.delayDisplay(_("Neither a closed scene nor a deleted CT left anything behind"))

    def _loadCT(self, name, volumeMl=15.0):
        self.delayDisplay(_("Simulating a CT"))
        return loadSimulatedCT(name, volumeMl, shape=_SHAPE)

    def _open(self, ct):
        """Return the panel and its controls, with a CT selected."""
        slicer.util.selectModule(_MODULE)
        widget = slicer.util.getModuleWidget(_MODULE)
        node = widget.logic.getParameterNode()
        node.ct, node.samples, node.model, node.method = ct, 2, self.model, "tta"
        return widget, widget.ui

    def _segment(self, widget):
        """Press the button, wait, and return the new result."""
        before = HemorrhageResult.all()
        self.delayDisplay(_("Segmenting"))
        widget.ui.segmentButton.click()
        self.assertTrue(widget.run.isRunning, widget.ui.statusLabel.text)
        self._waitFor(lambda: not (widget.run.isRunning or widget.display.isDrawing))
        added = [result for result in HemorrhageResult.all() if result not in before]
        self.assertEqual(len(added), 1, widget.ui.statusLabel.text)
        self.assertIs(widget.logic.getParameterNode().result, added[0].record)
        return added[0]

    def _start(self, widget):
        """Press the button in a panel whose engine is not running yet, and return the processes that this started."""
        widget.logic.shutDown()
        before = _processes()
        widget.ui.segmentButton.click()
        self._waitFor(lambda: widget.logic.engine.isRunning)
        return _processes() - before

    def _look(self, widget, result):
        """Heat map and its controls, layout, head in 3D, samples."""
        ui, heatMap = widget.ui, HeatMap(result)
        ui.mapComboBox.setCurrentIndex(ui.mapComboBox.findData("entropy"))
        self.assertTrue(heatMap.isShown)
        ui.mapThresholdSlider.value = 0.1
        ui.mapOpacitySlider.value = 0.7
        self.assertAlmostEqual(heatMap.threshold, 0.1, delta=1e-3)
        self.assertAlmostEqual(heatMap.opacity, 0.7, delta=1e-3)
        for isOff in (True, False):
            widget.display.blink()
            self.assertEqual(heatMap.isBlinkedOff, isOff)
        ui.arrangeViewsButton.click()
        ui.headCheckBox.checked = True
        self._waitFor(lambda: not widget.display.isDrawing)
        self.assertEqual(slicer.app.layoutManager().layout, LAYOUT_ID)
        self.assertTrue(isHeadShown(result.ct))
        ui.sampleSlider.value = 2
        self.assertEqual(result.node("samples").GetSelectedItemNumber(), 1)
        ui.showSampleCheckBox.checked = False

    def _review(self, widget, result):
        """The reviewed total falls by what is rejected."""
        ui, lesions = widget.ui, result.summary["lesions"]
        self.assertGreater(len(lesions), 0, "no hemorrhage was found")
        self.assertEqual(ui.lesionsTable.rowCount, len(lesions))
        total = self._reviewedMl(result)
        ui.lesionsTable.setCurrentCell(0, 0)
        ui.rejectButton.click()
        self.assertAlmostEqual(self._reviewedMl(result), total - lesions[0]["volume_ml"], delta=0.01)
        ui.clearMarkButton.click()
        self.assertAlmostEqual(self._reviewedMl(result), total, delta=0.01)

    def _edit(self, widget, result):
        """An edit is counted a moment later, and exporters are told of it."""
        segments = result.segmentation.GetSegmentation()
        name, total = segments.GetNthSegmentID(0), self._reviewedMl(result)
        array = slicer.util.arrayFromSegmentBinaryLabelmap(result.segmentation, name, result.ct)
        array[array.any(axis=(1, 2)).nonzero()[0][0]] = 0
        slicer.util.updateSegmentBinaryLabelmapFromArray(array, result.segmentation, name, result.ct)
        self._waitFor(lambda: self._reviewedMl(result) < total)
        self.assertEqual(tagOf(segments.GetSegment(name), TYPE_TAG), EDITED)

    def _takeAway(self, widget, result):
        """Report, tables and images are written, and the tree keeps the result together."""
        folder = Path(slicer.util.tempDirectory())
        widget.takeAway.export(folder)
        self.assertIn("esearch use only", (folder / "report.html").read_text(encoding="utf-8"))
        for name in ("volumes.csv", "lesions.csv", "labels.nrrd", "entropy.nrrd"):
            self.assertTrue((folder / name).is_file(), name)
        tree = folderOf(result.segmentation)
        self.assertEqual({folderOf(result.node(role)) for role in ("entropy", "volumesTable", "report")}, {tree})

    def _compareMethods(self, widget, result):
        """Segment once more with another method, and show both side by side."""
        node, layoutManager = widget.logic.getParameterNode(), slicer.app.layoutManager()
        node.method, node.keepSamples = "deterministic", False
        self._segment(widget)
        self.assertEqual(len(HemorrhageResult.ofCT(result.ct)), 2)
        self.assertIs(node.first, result.record)
        layout = layoutManager.layout
        node.showDifference = True
        node.sideBySide = True
        self._waitFor(lambda: not widget.sideBySide.isBusy)
        self.assertIsNotNone(SideBySide.current())
        self.assertIsNotNone(SideBySide.current().difference)
        self.assertGreater(widget.ui.methodsTable.rowCount, 0)
        self.delayDisplay(_("Two methods side by side"))
        node.sideBySide = False
        self.assertIsNone(SideBySide.current())
        self.assertEqual(layoutManager.layout, layout)

    def _saveAndLoad(self, ui, count):
        """Results, tables and choices are as they were."""
        path = Path(slicer.util.tempDirectory(), "scene.mrb")
        shown = self._shown(ui)
        self.assertTrue(slicer.util.saveScene(str(path)))
        slicer.mrmlScene.Clear()
        self.assertEqual(ui.volumesTable.rowCount, 0)
        slicer.util.loadScene(str(path))
        slicer.app.processEvents()
        self.assertEqual(len(HemorrhageResult.all()), count)
        self.assertEqual(self._shown(ui), shown)

    def _shown(self, ui):
        tables = [
            [table.item(row, column).text() for row in range(table.rowCount) for column in range(table.columnCount)]
            for table in (ui.volumesTable, ui.lesionsTable, ui.placesTable)
        ]
        return tables, ui.reviewLabel.text, ui.samplesSpinBox.value, ui.resultSelector.currentNode().GetName()

    def _reviewedMl(self, result):
        return columnValues(result.node("volumesTable"), "reviewed_ml")[-1]

    def _waitFor(self, condition):
        end = time.monotonic() + _TIMEOUT_S
        while not condition():
            self.assertLess(time.monotonic(), end, "it takes too long")
            slicer.app.processEvents()
            time.sleep(0.02)
