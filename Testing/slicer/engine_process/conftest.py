"""An engine process with the double of the engine inside."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from harness import engine_double


@pytest.fixture
def make_engine(tmp_path: Path, slicer_app: Any) -> Iterator[Callable[..., Any]]:
    """Return `make_engine(behavior, *folders, **options)`; whatever it started is ended after the test."""
    from HemorrhageUncertaintyLib.engine_command import EngineCommand
    from HemorrhageUncertaintyLib.engine_log import EngineLog
    from HemorrhageUncertaintyLib.engine_process import EngineProcess

    made = []

    def make(behavior: str, *folders: Path, **options: Any) -> EngineProcess:
        assert behavior in engine_double.BEHAVIORS
        command = (sys.executable, engine_double.__file__, behavior, *map(str, folders))
        engine = EngineProcess(lambda: EngineCommand(command, dict(os.environ)), EngineLog(tmp_path / "engine é.log"), **options)
        made.append(engine)
        return engine

    yield make
    for engine in made:
        engine.kill()
