"""The project's own module loads, shows its panel and goes away without a trace."""

from __future__ import annotations

import sys

import slicer
import slicer.util

from HemorrhageUncertaintyLib.layout import LAYOUT_ID
from HemorrhageUncertaintyLib.terminology import CONTEXT_NAME


def test_module_is_hosted(hosted_module):
    assert slicer.modules.hemorrhageuncertainty is hosted_module
    slicer.util.selectModule("HemorrhageUncertainty")
    widget = slicer.util.getModuleWidget("HemorrhageUncertainty")
    assert slicer.util.getModuleLogic("HemorrhageUncertainty") is widget.logic
    slicer.util.selectModule("")
    assert not widget.parent.isEntered


def test_module_is_gone_afterwards():
    assert not hasattr(slicer.modules, "hemorrhageuncertainty")
    assert "HemorrhageUncertainty" not in sys.modules


def test_codes_and_layout_are_known_before_the_panel_is_opened(request):
    """A scene that is loaded first would else be shown without views."""
    layouts = slicer.app.layoutManager().layoutLogic().GetLayoutNode()
    # A layout that is in use cannot be forgotten without a warning.
    slicer.app.layoutManager().setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView)
    if layouts.IsLayoutDescription(LAYOUT_ID):
        layouts.SetLayoutDescription(LAYOUT_ID, "")
    request.getfixturevalue("hosted_module")
    assert layouts.IsLayoutDescription(LAYOUT_ID)
    assert slicer.modules.terminologies.logic().IsTerminologyContextLoaded(CONTEXT_NAME)
