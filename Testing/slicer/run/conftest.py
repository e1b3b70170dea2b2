"""Runs with the double of the engine inside, and the phantom's CT."""

from __future__ import annotations

import pytest

from harness.engine_fixtures import finished_folders, make_engine, phantom_node
from HemorrhageUncertaintyLib.requests import SegmentOptions
from HemorrhageUncertaintyLib.result_scene import ResultScene
from HemorrhageUncertaintyLib.run import Run, RunCallbacks

__all__ = ["finished_folders", "make_engine", "phantom_node"]


@pytest.fixture
def temporary(tmp_path):
    """Where runs put their temporary folders; a path as users have them."""
    return tmp_path / "Zwischen ablage é"


@pytest.fixture
def make_run(make_engine, finished_folders, phantom_node, temporary):
    """Return `make_run(behavior, engine=None, **callbacks)`, not started yet."""

    def make(behavior="good", engine=None, scene=None, **callbacks):
        engine = engine or make_engine(behavior, *finished_folders)
        return Run(engine, scene or ResultScene(), phantom_node, SegmentOptions(), temporary, RunCallbacks(**callbacks))

    return make
