"""The lists in CMakeLists.txt decide what is installed, so they must name every file of the module, and no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULE = ROOT / "HemorrhageUncertainty"


def _listed(variable: str) -> list[str]:
    text = (MODULE / "CMakeLists.txt").read_text(encoding="utf-8")
    found = re.search(rf"set\({variable}\n(.*?)\n  \)", text, re.DOTALL)
    assert found, f"CMakeLists.txt sets no {variable}"
    return [line.strip() for line in found.group(1).splitlines()]


def _files(folder: Path, parent: Path) -> set[str]:
    return {
        path.relative_to(parent).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and not any(part.startswith(".") for part in path.parts)
    }


def _expected(variable: str) -> set[str]:
    module = {name for name in _files(MODULE, MODULE) if not name.startswith("Documentation/") and name != "CMakeLists.txt"}
    return {
        "MODULE_PYTHON_SCRIPTS": {name for name in module if name.endswith(".py")},
        "MODULE_PYTHON_RESOURCES": {name for name in module if not name.endswith(".py")},
        "EMBEDDED_MODEL_FILES": _files(ROOT / "Resources" / "Models", ROOT / "Resources"),
    }[variable]


@pytest.mark.parametrize("variable", ["MODULE_PYTHON_SCRIPTS", "MODULE_PYTHON_RESOURCES", "EMBEDDED_MODEL_FILES"])
def test_every_file_is_installed(variable: str) -> None:
    listed = _listed(variable)
    assert sorted(_expected(variable) - set(listed)) == [], f"add these to {variable} in HemorrhageUncertainty/CMakeLists.txt"
    assert sorted(set(listed) - _expected(variable)) == [], f"{variable} names files that do not exist"
    assert listed == sorted(set(listed)), f"{variable} is sorted, each file once"


def test_extension_and_catalog_have_one_name() -> None:
    text = (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")
    assert "project(HemorrhageUncertainty)" in text
    assert (ROOT / "Resources" / "Catalog" / "HemorrhageUncertainty.json").is_file()
    for line in re.findall(r"^set\(EXTENSION_.*$", text, re.MULTILINE):
        assert re.fullmatch(r'set\(EXTENSION_[A-Z]+ "[^";]*"\)', line), f"not on one line, in quotes: {line}"
