"""A scripted module is loaded, shown, hidden, reloaded and unloaded as the application does it; parameters are kept and bound."""

from __future__ import annotations

import enum
import textwrap
from pathlib import Path
from typing import Annotated

import pytest
import qt
import slicer
import slicer.util
from slicer.parameterNodeWrapper import Default, WithinRange, parameterNodeWrapper

from harness.slicer_application.host import MainWindow, load_scripted_module, unload_scripted_module
from harness.slicer_application.view_area import window_with_views

MODULE = """
import qt, slicer
from slicer.i18n import tr as _
from slicer.ScriptedLoadableModule import *

calls = []

class Sample(ScriptedLoadableModule):
    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        parent.title = _("A sample")
        slicer.app.connect("startupCompleted()", lambda: calls.append("started"))

class SampleWidget(ScriptedLoadableModuleWidget):
    def setup(self):
        ScriptedLoadableModuleWidget.setup(self)
        self.logic = SampleLogic()
        self.layout.addWidget(qt.QLabel("hello"))
        calls.append("setup")
    def enter(self): calls.append("enter")
    def exit(self): calls.append("exit")
    def cleanup(self): calls.append("cleanup")

class SampleLogic(ScriptedLoadableModuleLogic):
    pass
"""


class Mode(enum.Enum):
    """Values that are stored by name."""

    VARIANCE = "v"
    ENTROPY = "e"


@parameterNodeWrapper
class Parameters:
    """One parameter of each type."""

    ct: slicer.vtkMRMLScalarVolumeNode
    samples: Annotated[int, WithinRange(1, 100)] = 20
    opacity: Annotated[float, WithinRange(0, 1), Default(0.5)]
    mode: Mode = Mode.ENTROPY
    keep: bool = False
    name: str = "default"
    classes: list[str]


@pytest.fixture
def module(tmp_path):
    path = Path(tmp_path) / "Sample.py"
    path.write_text(textwrap.dedent(MODULE), encoding="utf-8")
    window = MainWindow()
    loaded = load_scripted_module(path)
    yield loaded
    unload_scripted_module(loaded)
    window.delete()
    slicer.app.sendPostedEvents(None, 52)  # QEvent.DeferredDelete


def _calls():
    import sys

    return sys.modules["Sample"].calls


def test_panel_is_entered_and_left(module):
    assert module.title == "A sample"
    slicer.util.selectModule("Sample")
    assert slicer.util.selectedModule() == "Sample"
    assert slicer.util.getModuleWidget("Sample").parent.isEntered
    slicer.util.selectModule("")
    assert _calls() == ["started", "setup", "enter", "exit"]


def test_logic_is_the_panels(module):
    assert slicer.util.getModuleLogic("Sample") is slicer.util.getModuleWidget("Sample").logic


def test_reload_cleans_up_and_makes_a_new_panel(module):
    before = slicer.util.getModuleWidget("Sample")
    old_calls = _calls()
    slicer.util.reloadScriptedModule("Sample")
    assert old_calls[-1] == "cleanup"
    assert _calls() == ["setup"]
    assert slicer.util.getModuleWidget("Sample") is not before


def test_unloading_cleans_up(module):
    slicer.util.selectModule("Sample")
    calls = _calls()
    slicer.app.moduleManager().emit("moduleAboutToBeUnloaded(QString)", "Sample")
    assert calls[-1] == "cleanup"


def test_module_has_no_made_up_property(module):
    with pytest.raises(AttributeError, match="colour"):
        module.colour = "red"


def test_window_is_pictured_with_panel_and_views(module):
    slicer.util.selectModule("Sample")
    layout_node = slicer.app.layoutManager().layoutLogic().GetLayoutNode()
    slicer.app.layoutManager().setLayout(layout_node.SlicerLayoutFourUpView)
    image = window_with_views(slicer.util.mainWindow(), 700, 400).toImage()
    assert (image.width(), image.height()) == (700, 400)
    colors = {image.pixelColor(x, y).name() for x in range(300, 700, 2) for y in range(0, 380, 2)}
    assert "#f34a33" in colors  # the line above the red view
    assert len(colors) > 50  # and the shaded background of the 3D view


@pytest.fixture
def parameters():
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScriptedModuleNode")
    return Parameters(node)


def test_defaults(parameters):
    values = (parameters.ct, parameters.samples, parameters.opacity, parameters.mode, parameters.keep, parameters.name)
    assert values == (None, 20, 0.5, Mode.ENTROPY, False, "default")
    assert parameters.classes == []


def test_values_are_kept_as_the_application_keeps_them(parameters):
    ct = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode")
    parameters.ct, parameters.mode, parameters.keep, parameters.classes = ct, Mode.VARIANCE, True, ["EDH", "SDH"]
    node = parameters.parameterNode
    assert node.GetNodeReference("ct") is ct
    assert [node.GetParameter(name) for name in ("mode", "keep", "classes_len", "classes_1")] == ["VARIANCE", "True", "2", "SDH"]
    again = Parameters(node)
    assert (again.ct, again.mode, again.keep, again.classes) == (ct, Mode.VARIANCE, True, ["EDH", "SDH"])


@pytest.mark.parametrize(
    ("name", "value", "error"), [("samples", 0, ValueError), ("samples", 2.5, TypeError), ("name", None, TypeError)]
)
def test_wrong_values_are_refused(parameters, name, value, error):
    before = getattr(parameters, name)
    with pytest.raises(error):
        setattr(parameters, name, value)
    assert getattr(parameters, name) == before


def test_widgets_and_parameters_follow_each_other(parameters):
    boxes = {"samples": qt.QSpinBox(), "mode": qt.QComboBox(), "keep": qt.QCheckBox(), "name": qt.QLineEdit()}
    tag = parameters.connectParametersToGui(boxes)
    assert boxes["samples"].value == 20
    assert (boxes["samples"].minimum, boxes["samples"].maximum) == (1, 100)
    boxes["samples"].value = 30
    boxes["mode"].currentIndex = 0
    assert (parameters.samples, parameters.mode) == (30, Mode.VARIANCE)
    parameters.keep = True
    assert boxes["keep"].checked
    parameters.disconnectGui(tag)
    boxes["samples"].value = 40
    assert parameters.samples == 30


def test_widgets_are_found_by_their_property(parameters):
    panel = qt.QWidget()
    layout = qt.QVBoxLayout(panel)
    box = qt.QSpinBox()
    box.setProperty("SlicerParameterName", "samples")
    layout.addWidget(box)
    assert parameters.connectGui(panel) is None
    box.value = 33
    assert parameters.samples == 33


def test_widget_that_the_application_cannot_bind_is_an_error(parameters):
    with pytest.raises(RuntimeError, match="cannot connect"):
        parameters.connectParametersToGui({"samples": qt.QDoubleSpinBox()})
    with pytest.raises(ValueError, match="no parameter 'sample'"):
        parameters.connectParametersToGui({"sample": qt.QSpinBox()})
