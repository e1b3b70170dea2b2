"""Fixtures of tests that start an engine process with the double of the engine inside."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
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


@pytest.fixture(scope="session")
def finished_folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Folders of a result and of a preview of the phantom, as the engine writes them."""
    from harness.result_in_scene import write_result_folder
    from harness.synthetic_segmentation import synthetic_segmentation

    segmentation = synthetic_segmentation()
    result = write_result_folder(segmentation, tmp_path_factory.mktemp("finished") / "result")
    preview = tmp_path_factory.mktemp("preview")
    for name in ("labels", "variance", "entropy"):
        np.save(preview / f"{name}.npy", np.load(result / f"{name}.npy"))
    volumes = [{"name": volume.name, "volume_ml": volume.volume_ml} for volume in segmentation.volumes]
    (preview / "preview.json").write_text(json.dumps({"samples": 1, "volumes": volumes}), encoding="utf-8")
    return result, preview


@pytest.fixture
def phantom_node(scene: Any) -> Any:
    """The phantom's CT in the scene."""
    from harness.result_in_scene import add_ct
    from harness.synthetic_segmentation import synthetic_segmentation

    return add_ct(synthetic_segmentation())
