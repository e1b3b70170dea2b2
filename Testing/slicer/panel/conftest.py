"""What tests of the panel share: the module opened in the stand-in, with a segmentation that the test plays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
import slicer

from harness.run_double import ScriptedRun
from harness.scene_ct import write_result_folder
from harness.synthetic_segmentation import synthetic_segmentation


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

    def start(ct, onProgress, onPreview, onDone, onError, **options):
        callbacks = {"onProgress": onProgress, "onPreview": onPreview, "onDone": onDone, "onError": onError}
        found.run = ScriptedRun(ct, options, callbacks)
        return found.run

    monkeypatch.setattr(found.widget.logic, "segmentAsync", start)
    return found
