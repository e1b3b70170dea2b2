"""The project's own module loads, shows its panel and goes away without a trace."""

from __future__ import annotations

import sys

import slicer
import slicer.util


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
