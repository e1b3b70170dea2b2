"""A segmentation that ends while the user is in another module."""

from __future__ import annotations

import slicer

from harness.event_loop import wait_until
from harness.run_double import import_result
from harness.scene_ct import add_ct
from HemorrhageUncertaintyLib.layout import LAYOUT_ID


def test_views_are_left_as_the_other_module_has_them(panel, phantom, result_folder):
    result = import_result(result_folder, add_ct(phantom.ct.hu, phantom.ct.affine, "CT"))
    manager = slicer.app.layoutManager()
    manager.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView)
    panel.leave()
    panel.widget.showResult(result)
    slicer.app.processEvents()
    assert manager.layout == slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView
    slicer.util.selectModule("HemorrhageUncertainty")
    assert panel.widget.ui.resultSelector.currentNode() is result.record
    panel.widget.showResult(result)
    wait_until(lambda: manager.layout == LAYOUT_ID)
