"""The module's main job, done inside the running application: Reload and Test, or the self-test module."""

# Slicer runs it with unittest, whose assertions say more than plain ones there.
# ruff: noqa: PT009

import slicer
from slicer.i18n import tr as _
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleTest

from .heat_map import HeatMap
from .hemorrhage_result import HemorrhageResult
from .marks import Mark
from .review import Review
from .sample_data import loadSimulatedCT
from .side_by_side import SideBySide
from .table_node import columnValues

_TIMEOUT_S = 900


class HemorrhageUncertaintyTest(ScriptedLoadableModuleTest):
    """Simulates a small CT, segments it, and checks what a user would see."""

    def setUp(self):
        """Begin with an empty scene."""
        slicer.mrmlScene.Clear()

    def runTest(self):
        """Run all tests."""
        self.setUp()
        self.test_segment_simulated_ct()
        self.setUp()
        self.test_cancel_leaves_the_scene_as_it_was()

    def test_segment_simulated_ct(self):
        """Segment with two samples through the panel, and look at every part of the result."""
        self.delayDisplay(_("Simulating a CT"))
        ct = loadSimulatedCT(shape=(16, 96, 96))
        widget = slicer.util.getModuleWidget("HemorrhageUncertainty")
        slicer.util.selectModule("HemorrhageUncertainty")
        node = widget.logic.getParameterNode()
        node.ct = ct
        node.samples = 2
        node.keepSamples = True
        self.delayDisplay(_("Segmenting"))
        widget.ui.segmentButton.click()
        self.assertTrue(widget.run.isRunning)
        self._waitFor(lambda: not widget.run.isRunning)

        results = HemorrhageResult.ofCT(ct)
        self.assertEqual(len(results), 1, widget.ui.statusLabel.text)
        result = results[0]
        self.assertIs(node.result, result.record)
        self.assertTrue(HeatMap(result).isShown)
        self.assertEqual(columnValues(result.node("volumesTable"), "subtype")[-1], "total")
        self.assertIn("esearch use only", result.report.GetText())
        review = Review(result)
        if review.next() is not None:
            review.markCurrent(Mark.CONFIRMED)
            self.assertIs(review.current.mark, Mark.CONFIRMED)
        self.delayDisplay(_("The simulated CT was segmented"))
        self._compareWithSinglePrediction(widget, result)

    def _compareWithSinglePrediction(self, widget, result):
        """Segment once more with another method, and show both side by side."""
        node, layoutManager = widget.logic.getParameterNode(), slicer.app.layoutManager()
        node.method = "deterministic"
        widget.ui.segmentButton.click()
        self._waitFor(lambda: not (widget.run.isRunning or widget.display.isDrawing))
        self.assertEqual(len(HemorrhageResult.ofCT(result.ct)), 2, widget.ui.statusLabel.text)
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

    def test_cancel_leaves_the_scene_as_it_was(self):
        """Start, cancel, and count the nodes."""
        ct = loadSimulatedCT(shape=(16, 96, 96))
        widget = slicer.util.getModuleWidget("HemorrhageUncertainty")
        slicer.util.selectModule("HemorrhageUncertainty")
        widget.logic.getParameterNode().ct = ct
        slicer.app.processEvents()
        before = slicer.mrmlScene.GetNumberOfNodes()
        widget.ui.segmentButton.click()
        slicer.app.processEvents()
        widget.ui.segmentButton.click()
        self.assertFalse(widget.run.isRunning)
        self.assertEqual(slicer.mrmlScene.GetNumberOfNodes(), before)
        self.delayDisplay(_("Canceling left the scene as it was"))

    def _waitFor(self, condition):
        import time

        end = time.monotonic() + _TIMEOUT_S
        while not condition():
            self.assertLess(time.monotonic(), end, "the segmentation takes too long")
            slicer.app.processEvents()
            time.sleep(0.02)
