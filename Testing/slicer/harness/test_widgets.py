"""The doubles of CTK and MRML widgets behave as far as they go."""

from __future__ import annotations

import ctk
import pytest
import qt
import slicer
import slicer.util

UI = """<ui version="4.0"><class>Panel</class><widget class="qMRMLWidget" name="Panel"><layout class="QVBoxLayout">
<item><widget class="qMRMLNodeComboBox" name="selector"><property name="nodeTypes"><stringlist><string>vtkMRMLTextNode</string>
</stringlist></property><property name="noneEnabled"><bool>true</bool></property>
<property name="SlicerParameterName" stdset="0"><string>text</string></property></widget></item>
<item><widget class="ctkSliderWidget" name="slider"><property name="{property}"><double>7</double></property></widget></item>
<item><widget class="{kind}" name="button"/></item></layout></widget>
<connections><connection><sender>Panel</sender><signal>{signal}</signal><receiver>selector</receiver><slot>{slot}</slot></connection>
</connections></ui>"""
RIGHT = {
    "property": "maximum",
    "kind": "QPushButton",
    "signal": "mrmlSceneChanged(vtkMRMLScene*)",
    "slot": "setMRMLScene(vtkMRMLScene*)",
}


@pytest.fixture
def ui_file(tmp_path):
    def write(**changes):
        path = tmp_path / "Panel.ui"
        path.write_text(UI.format(**{**RIGHT, **changes}), encoding="utf-8")
        return str(path)

    return write


def test_ui_file_makes_doubles_and_connects_them(ui_file):
    widget = slicer.util.loadUI(ui_file())
    ui = slicer.util.childWidgetVariables(widget)
    widget.setMRMLScene(slicer.mrmlScene)
    assert ui.selector.mrmlScene() is slicer.mrmlScene
    assert ui.selector.noneEnabled
    assert ui.selector.property("SlicerParameterName") == "text"
    assert ui.slider.maximum == 7


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"property": "greatest"}, "no property 'greatest'"),
        ({"kind": "qMRMLMagicButton"}, "class 'qMRMLMagicButton'"),
        ({"signal": "sceneChanged(vtkMRMLScene*)"}, "no signal 'sceneChanged"),
        ({"slot": "takeScene(vtkMRMLScene*)"}, "no slot 'takeScene"),
    ],
)
def test_ui_file_with_a_mistake_is_an_error(ui_file, change, message):
    with pytest.raises(AttributeError, match=message):
        slicer.util.loadUI(ui_file(**change))


@pytest.fixture
def selector():
    box = slicer.qMRMLNodeComboBox()
    box.nodeTypes = ["vtkMRMLScalarVolumeNode"]
    box.noneEnabled = True
    box.setMRMLScene(slicer.mrmlScene)
    return box


def test_selector_follows_the_scene(selector):
    heard, known = [], []
    selector.connect("currentNodeChanged(vtkMRMLNode*)", lambda node: heard.append(node and node.GetName()))
    selector.connect("currentNodeChanged(bool)", known.append)
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "CT")
    slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTextNode", "no volume")
    assert selector.nodeCount() == 1
    assert selector.currentNode() is None
    selector.setCurrentNode(node)
    slicer.mrmlScene.RemoveNode(node)
    assert selector.currentNode() is None
    assert heard == ["CT", None]
    assert known == [True, False]


def test_selector_without_none_takes_the_first(selector):
    selector.noneEnabled = False
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "CT")
    assert selector.currentNode() is node
    slicer.mrmlScene.Clear(False)
    assert selector.currentNode() is None


def test_selector_hides_hidden_nodes_and_those_without_the_attribute(selector):
    hidden = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "hidden")
    hidden.SetHideFromEditors(True)
    marked = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "marked")
    marked.SetAttribute("Kind", "CT")
    slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "other")
    selector.addAttribute("vtkMRMLScalarVolumeNode", "Kind", "CT")
    assert [selector.nodeFromIndex(i).GetName() for i in range(selector.nodeCount())] == ["marked"]


def test_deleted_selector_hears_no_more(selector):
    selector.delete()
    slicer.app.sendPostedEvents(None, 52)  # QEvent.DeferredDelete
    slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode")


def test_slider_keeps_to_its_range():
    slider, heard = ctk.ctkSliderWidget(), []
    slider.connect("valueChanged(double)", heard.append)
    slider.setRange(0, 10)
    slider.value = 3.5
    slider.setValue(20)
    assert slider.value == 10
    assert heard == [3.5, 10]


def test_range_stays_in_order():
    widget, heard = ctk.ctkRangeWidget(), []
    widget.setRange(0, 1)
    widget.connect("valuesChanged(double,double)", lambda low, high: heard.append((low, high)))
    widget.setValues(0.2, 0.6)
    assert heard == [(0.2, 0.6)]
    widget.setMinimumValue(0.8)
    assert (widget.minimumValue, widget.maximumValue) == (0.8, 0.8)


def test_folded_panel_shows_its_heading_only():
    button = ctk.ctkCollapsibleButton()
    layout = qt.QVBoxLayout(button)
    label = qt.QLabel("inside")
    layout.addWidget(label)
    heard = []
    button.connect("contentsCollapsed(bool)", heard.append)
    button.collapsed = True
    assert label.isHidden()
    late = qt.QLabel("late")
    layout.addWidget(late)
    button.collapsed = False
    assert not label.isHidden()
    assert heard == [True, False]


def test_what_is_shown_or_hidden_in_a_folded_panel_is_seen_when_it_opens():
    button = ctk.ctkCollapsibleButton()
    layout = qt.QVBoxLayout(button)
    first, second, third = qt.QLabel("first"), qt.QLabel("second"), qt.QLabel("third")
    for label in (first, second, third):
        layout.addWidget(label)
    first.setVisible(False)
    button.collapsed = True
    first.setVisible(True)
    third.setVisible(False)
    assert first.isHidden()
    button.collapsed = False
    assert not first.isHidden()
    assert not second.isHidden()
    assert third.isHidden()


def test_path_is_kept_and_said():
    edit, heard = ctk.ctkPathLineEdit(), []
    edit.connect("currentPathChanged(QString)", heard.append)
    edit.currentPath = "/tmp/Größe.zip"
    assert edit.currentPath == "/tmp/Größe.zip"
    assert heard == ["/tmp/Größe.zip"]


def test_table_view_shows_the_cells_of_its_node():
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTableNode")
    node.AddColumn().SetName("subtype")
    view = slicer.qMRMLTableView()
    view.setMRMLTableNode(node)
    node.AddEmptyRow()
    node.SetCellText(0, 0, "EDH")
    assert view.model().rowCount() == 1
    assert view.model().data(view.model().index(0, 0)) == "EDH"


def test_table_view_heads_columns_with_titles_and_units():
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTableNode")
    node.AddColumn().SetName("low_ml")
    view = slicer.qMRMLTableView()
    view.setMRMLTableNode(node)
    assert view.model().headerData(0, qt.Qt.Horizontal) == "low_ml"
    node.SetColumnTitle("low_ml", "Low")
    node.SetColumnUnitLabel("low_ml", "mL")
    node.SetUseColumnTitleAsColumnHeader(True)
    assert view.model().headerData(0, qt.Qt.Horizontal) == "Low [mL]"


def test_segments_are_listed_and_selected():
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    node.CreateDefaultDisplayNodes()
    view = slicer.qMRMLSegmentsTableView()
    view.setSegmentationNode(node)
    for name in ("EDH", "SDH"):
        node.GetSegmentation().AddEmptySegment(name, name)
    assert view.segmentCount() == 2
    view.setSelectedSegmentIDs(["SDH"])
    assert view.selectedSegmentIDs() == ["SDH"]
