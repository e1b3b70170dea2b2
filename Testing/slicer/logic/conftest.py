"""The module's logic with the double of the engine inside, and the phantom's CT."""

from __future__ import annotations

import pytest

from harness.engine_fixtures import finished_folders, make_engine, phantom_node
from HemorrhageUncertaintyLib.logic import HemorrhageUncertaintyLogic

__all__ = ["finished_folders", "make_engine", "phantom_node"]


@pytest.fixture
def make_logic(make_engine, finished_folders):
    """Return `make_logic(behavior, **options)`; it is shut down after the test."""
    made = []

    def make(behavior="good", **options):
        made.append(HemorrhageUncertaintyLogic(make_engine(behavior, *finished_folders), **options))
        return made[-1]

    yield make
    for logic in made:
        logic.shutDown()
