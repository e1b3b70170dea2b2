"""The panel's .ui file: what it promises can be read without making a widget."""

from __future__ import annotations

import ast
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

MODULE = Path(__file__).resolve().parents[3] / "HemorrhageUncertainty"
PASSIVE = {"QLabel", "QWidget", "qMRMLWidget"}


@pytest.fixture(scope="module")
def ui() -> ET.Element:
    return ET.parse(MODULE / "Resources" / "UI" / "HemorrhageUncertainty.ui").getroot()


def _property(widget: ET.Element, name: str) -> str | None:
    found = widget.find(f"property[@name='{name}']")
    return None if found is None else "".join(found.itertext()).strip()


def _parameters() -> set[str]:
    tree = ast.parse((MODULE / "HemorrhageUncertaintyLib" / "parameter_node.py").read_text(encoding="utf-8"))
    found = next(node for node in tree.body if isinstance(node, ast.ClassDef) and "ParameterNode" in node.name)
    return {item.target.id for item in found.body if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name)}


def test_every_control_has_a_tool_tip(ui: ET.Element) -> None:
    silent = [w.get("name") for w in ui.iter("widget") if w.get("class") not in PASSIVE and not _property(w, "toolTip")]
    assert silent == []


def test_names_are_unique(ui: ET.Element) -> None:
    names = [widget.get("name") for widget in ui.iter("widget")]
    assert len(names) == len(set(names))


def test_bound_controls_name_parameters_that_exist(ui: ET.Element) -> None:
    bound = [name for widget in ui.iter("widget") if (name := _property(widget, "SlicerParameterName"))]
    assert bound
    assert set(bound) <= _parameters()
    assert len(bound) == len(set(bound))


def test_every_scene_widget_gets_the_scene(ui: ET.Element) -> None:
    widgets = {w.get("name") for w in ui.iter("widget") if w.get("class", "").startswith("qMRML")} - {"HemorrhageUncertainty"}
    receivers = {c.findtext("receiver") for c in ui.iter("connection") if c.findtext("slot") == "setMRMLScene(vtkMRMLScene*)"}
    assert receivers == widgets


def test_every_custom_widget_is_declared(ui: ET.Element) -> None:
    used = {w.get("class", "") for w in ui.iter("widget")}
    declared = {c.findtext("class") for c in ui.iter("customwidget")}
    assert {name for name in used if name.startswith(("qMRML", "ctk"))} == declared


def test_nothing_is_styled(ui: ET.Element) -> None:
    assert list(ui.iterfind(".//property[@name='styleSheet']")) == []
