"""What scripts and the panel ask of the module."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import qt
import slicer

from harness.event_loop import wait_until
from HemorrhageUncertaintyLib.hemorrhage_result import HemorrhageResult
from HemorrhageUncertaintyLib.installation import Installation, InstallationError
from HemorrhageUncertaintyLib.logic import SegmentationError
from HemorrhageUncertaintyLib.missing_packages import MissingPackages
from HemorrhageUncertaintyLib.process_tree import descendants
from HemorrhageUncertaintyLib.requests import ErrorKind
from HemorrhageUncertaintyLib.run import RunState


def temporary_folders():
    """Return the folders that runs have left in the application's temporary folder."""
    return list(Path(slicer.app.temporaryPath).glob("HemorrhageUncertainty-*/"))


def test_segment_waits_and_returns_the_result_while_the_application_lives(make_logic, phantom_node):
    beats = []
    timer = qt.QTimer()
    timer.setInterval(20)
    timer.connect("timeout()", lambda: beats.append(1))
    timer.start()
    logic = make_logic()
    result = logic.segment(phantom_node, samples=4)
    timer.stop()
    assert beats
    assert logic.results() == [result]
    assert {"IPH", "total"} <= {volume["name"] for volume in result.summary["volumes"]}
    assert logic.run is None
    assert temporary_folders() == []


def test_segment_raises_one_sentence(make_logic, phantom_node):
    with pytest.raises(SegmentationError, match="This is no head CT") as caught:
        make_logic("error").segment(phantom_node)
    assert caught.value.event.kind is ErrorKind.INPUT


def test_one_segmentation_at_a_time(make_logic, phantom_node):
    logic = make_logic("endless")
    run = logic.segmentAsync(phantom_node)
    with pytest.raises(SegmentationError, match="under way"):
        logic.segmentAsync(phantom_node)
    run.cancel()
    assert logic.run is None
    again = logic.segmentAsync(phantom_node)
    assert logic.run is again


def test_no_ct(make_logic):
    with pytest.raises(SegmentationError, match="load one and select it"):
        make_logic().segment(None)


def test_quitting_during_a_run_leaves_no_process_no_folder_and_no_node(make_logic, phantom_node, scene):
    processes, nodes = set(descendants(os.getpid())), scene.GetNumberOfNodes()
    run = make_logic("launcher").segmentAsync(phantom_node)
    wait_until(lambda: slicer.util.getNodesByClass("vtkMRMLSegmentationNode"))
    assert temporary_folders()
    slicer.app.aboutToQuit.emit()
    assert run.state is RunState.CANCELLED
    assert set(descendants(os.getpid())) <= processes
    assert scene.GetNumberOfNodes() == nodes
    assert temporary_folders() == []


def test_logic_works_again_after_it_was_shut_down(make_logic, phantom_node):
    logic = make_logic()
    logic.shutDown()
    assert logic.segment(phantom_node).exists
    logic.shutDown()
    assert not logic.engine.isRunning


def test_model_is_imported_by_the_engine(make_logic, tmp_path):
    names = []
    make_logic().importModel(tmp_path / "my model.zip", names.append)
    wait_until(lambda: names)
    assert names == ["my model"]


def test_failed_import_of_a_model_is_told(make_logic, tmp_path):
    errors = []
    make_logic("missing").importModel(tmp_path / "model.zip", onError=errors.append)
    wait_until(lambda: errors)
    assert errors[0].kind is ErrorKind.MISSING


def test_engine_tells_its_devices(make_logic):
    heard = []
    make_logic().askEngine(heard.append)
    wait_until(lambda: heard)
    assert heard[0].devices == ["cpu"]


@pytest.fixture
def outside_tests(slicer_app):
    """The application as a person starts it; under test nothing is ever installed."""
    slicer_app.setTestingEnabled(False)
    yield
    slicer_app.setTestingEnabled(True)


def test_missing_packages_are_installed_first_and_the_run_goes_on_by_itself(make_logic, phantom_node, outside_tests):
    missing = [MissingPackages(("pydantic>=2.8",))]
    installation = Installation(
        find=lambda: missing[-1],
        confirm=lambda text: True,
        pip=lambda requirements: missing.append(MissingPackages()),
        hasNetwork=lambda: True,
        freeBytes=lambda: int(1e12),
    )
    assert make_logic(installation=installation).segment(phantom_node).exists


def test_packages_that_cannot_be_installed_stop_the_run_before_it_begins(make_logic, phantom_node, outside_tests):
    class Refusing:
        def ensure(self, wheels):
            raise InstallationError("There is no network: connect.", "pip said so")

    logic = make_logic(installation=Refusing())
    with pytest.raises(SegmentationError, match="There is no network") as caught:
        logic.segmentAsync(phantom_node)
    assert caught.value.event.detail == "pip said so"
    assert not logic.engine.isRunning
    assert HemorrhageResult.all() == []


def test_models_begin_with_the_default_one_and_have_a_card(make_logic):
    model = make_logic().models()[0]
    assert model.name == "default"
    assert model.methods[0] == "tta"
    assert model.problem == ""
    assert "Trained on" in model.card


def test_damaged_model_is_listed_with_its_problem(make_logic, tmp_path, monkeypatch):
    monkeypatch.setenv("HEMORRHAGE_MODELS", str(tmp_path))
    for name, text in (("broken", "{not json"), ("empty", "{}")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "model.json").write_text(text)
    (tmp_path / "not a model").mkdir()
    by_name = {model.name: model for model in make_logic().models()}
    assert set(by_name) == {"default", "fast", "broken", "empty"}
    assert "import it again" in by_name["broken"].problem
    assert "import it again" in by_name["empty"].problem
