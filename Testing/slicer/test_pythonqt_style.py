"""What PySide6 would accept and PythonQt would not, so that the stand-in cannot notice it: found in the source."""

from __future__ import annotations

import ast
import enum
from pathlib import Path

import pytest
import qt

MODULE = Path(__file__).resolve().parents[2] / "HemorrhageUncertainty"
SOURCES = [MODULE / "HemorrhageUncertainty.py", *sorted((MODULE / "HemorrhageUncertaintyLib").rglob("*.py"))]


def mistakes(source: str) -> list[str]:
    """Return what PythonQt does not know, with the line."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and ast.unparse(node).startswith("qt."):
            _, *names = ast.unparse(node).split(".")
            if _is_scoped_enum(names):
                found.append(f"line {node.lineno}: {ast.unparse(node)} is qt.{names[0]}.{names[2]} in PythonQt")
        elif isinstance(node, ast.Import | ast.ImportFrom):
            modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
            found += [f"line {node.lineno}: {name}" for name in modules if name.startswith(("PySide", "PyQt", "shiboken"))]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("exec", "emit"):
            found.append(f"line {node.lineno}: {ast.unparse(node.func)}() is written otherwise in PythonQt")
    return found


def _is_scoped_enum(names: list[str]) -> bool:
    if len(names) != 3:
        return False
    kind = getattr(getattr(qt, names[0], None), names[1], None)
    return isinstance(kind, type) and issubclass(kind, enum.Enum)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_source_is_pythonqt(path):
    assert mistakes(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        "item.setData(qt.Qt.ItemDataRole.UserRole, 1)",
        "ended = status == qt.QProcess.ExitStatus.CrashExit",
        "from PySide6.QtWidgets import QLabel",
        "box.exec()",
    ],
)
def test_the_check_finds_mistakes(source):
    assert len(mistakes(source)) == 1


def test_the_check_leaves_pythonqt_alone():
    assert mistakes("item.setData(qt.Qt.UserRole, qt.QProcess.CrashExit, qt.QColor.fromHsv(1, 2, 3))") == []
