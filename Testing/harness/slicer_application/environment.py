"""What must be true of the process before 3D Slicer's libraries and Qt are loaded."""

from __future__ import annotations

import importlib.util
import os
import sys
from types import ModuleType

# Rendering without a display, and widgets that are painted into memory.
VARIABLES = {"VTK_DEFAULT_OPENGL_WINDOW": "vtkEGLRenderWindow", "QT_QPA_PLATFORM": "offscreen"}
REQUIREMENTS = {"slicer_core": "slicer-core", "PySide6": "PySide6-Essentials"}


def missing_requirement() -> str | None:
    """One sentence on what has to be installed before the stand-in can start; None when nothing is missing."""
    for module, distribution in REQUIREMENTS.items():
        if importlib.util.find_spec(module) is None:
            return f"{distribution} is not installed: pip install -c constraints.txt -e '.[slicer-test]'"
    return None


def prepare() -> None:
    """Set the variables that Qt and VTK read once, when they are loaded; values set by the caller are kept."""
    for name, value in VARIABLES.items():
        os.environ.setdefault(name, value)


def import_slicer() -> ModuleType:
    """Import the wheel's package `slicer`, and nothing else of that name.

    The package gathers every folder called `slicer` along `sys.path` and imports the files in there. `Testing` is on that path,
    and so `Testing/slicer` would be taken for a part of it.

    Raises
    ------
    ImportError
        If slicer-core is not installed.
    """
    if reason := missing_requirement():
        raise ImportError(reason)
    if "slicer" not in sys.modules:
        path = list(sys.path)
        sys.path[:] = [entry for entry in path if not os.path.isfile(os.path.join(entry, "slicer", "conftest.py"))]
        try:
            import slicer
        finally:
            sys.path[:] = path
        return slicer
    return sys.modules["slicer"]
