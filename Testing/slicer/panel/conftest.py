"""What tests of the panel share: the module opened in the stand-in, with a segmentation that the test plays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
import slicer

from harness.engine_fixtures import finished_folders, make_engine, phantom_node
from harness.run_double import ScriptedRun
from harness.scene_ct import write_result_folder
from harness.synthetic_segmentation import synthetic_segmentation

__all__ = ["finished_folders", "make_engine", "phantom_node"]


@dataclass
class Panel:
    """The opened module.

    Attributes
    ----------
    widget : HemorrhageUncertaintyWidget
    run : ScriptedRun or None
        What the panel started last.
    """

    widget: Any
    run: ScriptedRun | None = None

    def leave(self) -> None:
        """Switch to no module."""
        slicer.util.selectModule("")


@pytest.fixture(scope="session")
def phantom():
    """A head of 12 x 40 x 44 voxels with IPH, SDH and SAH."""
    return synthetic_segmentation("axial LPS", (12, 40, 44))


@pytest.fixture(scope="session")
def result_folder(phantom, tmp_path_factory):
    """What the engine would write for the phantom, with three samples."""
    return write_result_folder(phantom, tmp_path_factory.mktemp("phantom") / "result", samples=3)


@pytest.fixture
def panel(hosted_module, monkeypatch):
    """The module, opened; pressing Segment makes a `ScriptedRun`."""
    slicer.util.selectModule(hosted_module.name)
    found = Panel(slicer.util.getModuleWidget(hosted_module.name))

    def start(ct, onProgress, onPreview, onDone, onError, onOver, **options):
        callbacks = {"onProgress": onProgress, "onPreview": onPreview, "onDone": onDone, "onError": onError, "onOver": onOver}
        found.run = ScriptedRun(ct, options, callbacks)
        return found.run

    monkeypatch.setattr(found.widget.logic, "segmentAsync", start)
    return found


@pytest.fixture
def live_panel(hosted_module, make_engine, finished_folders, monkeypatch):
    """Return `live_panel(behavior, installation)`: the module's panel, opened, with the double of the engine behind it."""
    from HemorrhageUncertaintyLib import logic

    def make(behavior="good", installation=None):
        monkeypatch.setattr(logic, "EngineProcess", lambda *_unused: make_engine(behavior, *finished_folders))
        if installation is not None:
            monkeypatch.setattr(logic, "Installation", lambda: installation)
        slicer.util.selectModule(hosted_module.name)
        return slicer.util.getModuleWidget(hosted_module.name)

    return make
