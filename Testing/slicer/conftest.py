"""What tests of the Slicer module share: the stand-in for the application, an empty scene for each, and no error unheard."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.slicer_application import missing_requirement
from harness.slicer_application.vtk_messages import VTKMessages

MODULE_FOLDER = Path(__file__).resolve().parents[2] / "HemorrhageUncertainty"

DEFERRED_DELETE = 52  # QEvent::DeferredDelete: processEvents() leaves these to an event loop

_reason = missing_requirement()
_messages = VTKMessages()

# Test files import slicer and qt at their top, so it all has to be there before they are collected.
if not _reason:
    from harness.slicer_application.boot import boot

    _application = boot()
    _messages.observe()
    sys.path.insert(0, str(MODULE_FOLDER))  # the application does this for the folder of each scripted module


class _WithoutApplication(pytest.File):
    """A file or folder of tests that is skipped without being imported."""

    def collect(self) -> Any:
        pytest.skip(_reason or "")


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Skip the test files in this folder where the wheels are missing."""
    return _WithoutApplication.from_parent(parent, path=module_path) if _reason else None


def pytest_collect_directory(path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Skip the folders in this folder where the wheels are missing."""
    return _WithoutApplication.from_parent(parent, path=path) if _reason else None


@pytest.fixture(scope="session")
def slicer_app() -> Any:
    """The stand-in for the application: what `slicer.app` is."""
    return _application


@pytest.fixture(autouse=True)
def vtk_messages() -> Iterator[VTKMessages]:
    """Fail the test on any error or warning of VTK that it did not expect.

    A test that provokes one says so: `with vtk_messages.expected("part of the text"): ...`. One of Slicer's own that may
    come or not is let pass for the rest of a test: `vtk_messages.allowed.append("part of the text")`.
    """
    _messages.take()
    _messages.allowed.clear()
    yield _messages
    texts = _messages.take()
    assert not texts, "VTK said:\n" + "\n".join(texts)


@pytest.fixture(autouse=True)
def exceptions_in_callbacks(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[BaseException]]:
    """Fail the test on an exception in a slot or in an observer, which Qt and VTK only print."""
    caught: list[BaseException] = []

    def keep(kind: type[BaseException], error: BaseException, trace: Any) -> None:
        caught.append(error.with_traceback(trace))

    monkeypatch.setattr(sys, "excepthook", keep)
    yield caught
    assert not caught, "\n".join("".join(traceback.format_exception(error)) for error in caught)


@pytest.fixture(autouse=True)
def scene(slicer_app: Any, vtk_messages: VTKMessages, exceptions_in_callbacks: list[BaseException]) -> Iterator[Any]:
    """The scene, empty before the test and emptied after it, with everything said meanwhile counted as the test's."""
    scene = slicer_app.mrmlScene()
    scene.Clear(False)
    yield scene
    slicer_app.processEvents()
    scene.Clear(False)
    slicer_app.processEvents()


@pytest.fixture
def main_window(scene: Any) -> Iterator[Any]:
    """The application's main window, without a module in it."""
    from harness.slicer_application.host import MainWindow

    window = MainWindow()
    yield window
    window.deleteLater()
    _application.sendPostedEvents(None, DEFERRED_DELETE)


@pytest.fixture
def hosted_module(main_window: Any) -> Iterator[Any]:
    """The module as the application loads it: what `slicer.modules.hemorrhageuncertainty` is.

    Its panel is made when it is selected.
    """
    from harness.slicer_application.host import load_scripted_module, unload_scripted_module

    module = load_scripted_module(MODULE_FOLDER / "HemorrhageUncertainty.py")
    yield module
    unload_scripted_module(module)
