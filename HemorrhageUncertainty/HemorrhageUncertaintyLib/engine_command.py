"""How the engine process is started: with Slicer's own Python, in a clean environment, with the module's folder on its path."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from slicer.i18n import tr as _


class EngineStartError(RuntimeError):
    """No Python interpreter can be found; the message says what to do."""


@dataclass(frozen=True)
class EngineCommand:
    """Program with its arguments, and the environment it gets.

    Attributes
    ----------
    command : tuple of str
    environment : mapping of str to str
    """

    command: tuple[str, ...]
    environment: Mapping[str, str]


def module_folder() -> Path:
    """Return the folder that holds the engine's package ``hemorrhage`` and this one."""
    return Path(__file__).resolve().parents[1]


def engine_command() -> EngineCommand:
    """Return how to start the engine.

    The environment is the one that Slicer itself was started in: ``PythonSlicer`` adds what the interpreter needs, and
    paths to the application's Qt do not reach the libraries that the engine loads.

    Raises
    ------
    EngineStartError
        Slicer's Python interpreter cannot be found.
    """
    import slicer

    environment = dict(slicer.util.startupEnvironment())
    paths = [str(module_folder()), environment.get("PYTHONPATH", "")]
    environment |= {
        "PYTHONPATH": os.pathsep.join(path for path in paths if path),
        "PYTHONUNBUFFERED": "1",
        "PYTHONUTF8": "1",
        "PYTHONNOUSERSITE": "1",
    }
    return EngineCommand((slicer_python(), "-m", "hemorrhage.worker"), environment)


def slicer_python() -> str:
    """Return the path of Slicer's Python interpreter.

    Raises
    ------
    EngineStartError
        There is none.
    """
    found = shutil.which("PythonSlicer")  # the application puts its own folder on PATH
    if found:
        return found
    if Path(sys.executable or "").stem.lower().startswith("python"):  # Slicer's libraries without the application
        return sys.executable
    raise EngineStartError(_("Slicer's Python interpreter (PythonSlicer) was not found: reinstall 3D Slicer."))
