"""One segmentation from the CT node to the nodes of the result, and every way in which it can be stopped."""

from __future__ import annotations

import os
import time

import pytest
import slicer

from harness.event_loop import wait_until
from harness.heartbeat import Heartbeat, least_late_ms
from HemorrhageUncertaintyLib.hemorrhage_result import HemorrhageResult
from HemorrhageUncertaintyLib.process_tree import descendants
from HemorrhageUncertaintyLib.requests import ErrorKind
from HemorrhageUncertaintyLib.result_scene import ResultScene
from HemorrhageUncertaintyLib.run import RunState


def node_ids():
    """Return the IDs of all nodes of the scene."""
    return {slicer.mrmlScene.GetNthNode(index).GetID() for index in range(slicer.mrmlScene.GetNumberOfNodes())}


def finish(run):
    """Start a run and wait for its end."""
    run.start()
    wait_until(lambda: run.state.isOver)
    return run


def start_and_wait_for_preview(run):
    """Start a run and wait until the first preview is in the scene."""
    run.start()
    wait_until(lambda: slicer.util.getNodesByClass("vtkMRMLSegmentationNode"))


def nothing_left(temporary):
    """Whether all temporary folders are gone."""
    return not temporary.exists() or not list(temporary.iterdir())


def test_run_ends_in_a_result_and_leaves_no_file_and_no_preview(make_run, phantom_node, temporary):
    seen = {"progress": [], "previews": 0, "done": [], "over": []}

    def count_preview(preview):
        seen["previews"] += 1

    run = make_run(
        onProgress=seen["progress"].append, onPreview=count_preview, onDone=seen["done"].append, onOver=seen["over"].append
    )
    finish(run)
    assert run.state is RunState.DONE
    assert run.error is None
    assert seen["done"] == [run.result] == HemorrhageResult.ofCT(phantom_node)
    assert seen["over"] == [RunState.DONE]
    assert seen["previews"] <= 2  # the newest is enough where they come faster than they are shown
    assert [event.done for event in seen["progress"] if event.stage == "sampling"] == [0, 1, 2, 3]
    assert slicer.util.getNodesByClass("vtkMRMLSegmentationNode") == [run.result.segmentation]
    assert run.result.node("volumesTable").GetNumberOfRows() > 0
    assert run.result.node("distributionPlot") is not None
    wait_until(lambda: nothing_left(temporary))


def test_running_again_replaces_the_result_and_no_node_piles_up(make_run, make_engine, finished_folders):
    engine = make_engine("good", *finished_folders)
    first = finish(make_run(engine=engine))
    (pid,) = descendants(os.getpid())[-1:]
    count = slicer.mrmlScene.GetNumberOfNodes()
    for _ in range(3):
        again = finish(make_run(engine=engine))
        assert again.state is RunState.DONE
        assert slicer.mrmlScene.GetNumberOfNodes() == count
    assert HemorrhageResult.all() == [again.result]
    assert not first.result.exists
    assert pid in descendants(os.getpid()), "the engine was started anew"


def test_both_results_stay_when_asked_for(make_run, make_engine, finished_folders):
    engine = make_engine("good", *finished_folders)
    runs = [finish(make_run(engine=engine, scene=ResultScene(replace=False))) for _ in range(2)]
    assert HemorrhageResult.all() == [run.result for run in runs]


def test_heartbeat_is_never_late_during_a_run(make_run):
    counts = []

    def finish_run():
        with Heartbeat() as inner:
            assert finish(make_run()).state is RunState.DONE
        counts.append(inner.count)

    assert least_late_ms(finish_run) < 100
    assert min(counts) > 2, "the timer never ran while the event loop was watched"


def test_heartbeat_notices_what_blocks():
    with Heartbeat() as heartbeat:
        time.sleep(0.15)
        slicer.app.processEvents()
    assert heartbeat.latest_ms > 100


@pytest.mark.parametrize("behavior", ["endless", "launcher"])
def test_cancel_within_a_second_leaves_the_scene_as_before(make_run, temporary, behavior):
    before, processes = node_ids(), set(descendants(os.getpid()))
    over = []
    run = make_run(behavior, onOver=over.append)
    start_and_wait_for_preview(run)
    assert node_ids() != before
    begun = time.monotonic()
    run.cancel()
    assert node_ids() == before
    assert run.state is RunState.CANCELLED
    assert run.error is None
    assert over == [RunState.CANCELLED]
    wait_until(lambda: set(descendants(os.getpid())) <= processes and nothing_left(temporary))
    assert time.monotonic() - begun < 1.0


def test_cancel_before_the_engine_was_asked(make_run, temporary):
    before = node_ids()
    run = make_run("endless")
    run.start()
    run.cancel()
    slicer.app.processEvents()
    assert (run.state, node_ids()) == (RunState.CANCELLED, before)
    wait_until(lambda: nothing_left(temporary))


class StopsWhileImporting(ResultScene):
    """Does something in the middle of an import, between two of its steps."""

    def __init__(self, action):
        super().__init__()
        self._action = action

    def importSteps(self, folder, ctNode, ctInput):
        """Import, with the action after the third step."""
        steps = super().importSteps(folder, ctNode, ctInput)
        try:
            for _ in range(3):
                next(steps)
                yield
            self._action()
            yield
            return (yield from steps)
        finally:
            steps.close()


def test_cancel_while_importing_keeps_the_earlier_result(make_run, temporary):
    earlier = finish(make_run()).result
    before = node_ids()
    run = make_run(scene=StopsWhileImporting(lambda: run.cancel()))
    finish(run)
    assert run.state is RunState.CANCELLED
    assert node_ids() == before
    assert HemorrhageResult.all() == [earlier]
    wait_until(lambda: nothing_left(temporary))


def close_scene():
    slicer.mrmlScene.Clear(False)


def delete_ct():
    slicer.mrmlScene.RemoveNode(slicer.mrmlScene.GetFirstNodeByName("CT"))


@pytest.mark.parametrize("action", [close_scene, delete_ct])
def test_ct_that_goes_away_drops_the_result_with_a_sentence(make_run, temporary, scene, action):
    processes = set(descendants(os.getpid()))
    errors = []
    run = make_run("launcher", onError=errors.append)
    start_and_wait_for_preview(run)
    action()
    assert run.state is RunState.DROPPED
    assert errors == [run.error]
    assert "start again" in run.error.sentence
    wait_until(lambda: set(descendants(os.getpid())) <= processes and nothing_left(temporary))
    assert not slicer.util.getNodesByClass("vtkMRMLSegmentationNode")
    assert not slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")


@pytest.mark.parametrize("action", [close_scene, delete_ct])
def test_ct_that_goes_away_while_its_result_is_imported(make_run, temporary, action):
    run = finish(make_run(scene=StopsWhileImporting(action)))
    assert run.state is RunState.DROPPED
    assert not HemorrhageResult.all()
    assert not slicer.util.getNodesByClass("vtkMRMLVolumeNode")
    wait_until(lambda: nothing_left(temporary))


def test_another_ct_with_the_same_id_is_not_mistaken_for_the_first(make_run, phantom_node):
    identifier = phantom_node.GetID()
    run = make_run("endless")
    run.start()
    slicer.mrmlScene.Clear(False)
    other = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "another")
    assert other.GetID() == identifier
    assert run.state is RunState.DROPPED
    assert slicer.mrmlScene.GetNodeByID(identifier) is other


def test_ct_that_is_moved_meanwhile_drops_the_result(make_run, phantom_node, temporary):
    def move(preview):
        phantom_node.SetOrigin(1, 2, 3)

    run = finish(make_run(onPreview=move))
    assert run.state is RunState.DROPPED
    assert not HemorrhageResult.all()
    wait_until(lambda: nothing_left(temporary))


@pytest.mark.parametrize(
    ("behavior", "kind"),
    [
        ("error", ErrorKind.INPUT),
        ("crash", ErrorKind.CRASH),
        ("missing", ErrorKind.MISSING),
        ("old", ErrorKind.START),
        ("nonsense", ErrorKind.INPUT),
    ],
)
def test_every_failure_is_one_sentence_and_changes_nothing(make_run, temporary, behavior, kind):
    before = node_ids()
    errors = []
    run = finish(make_run(behavior, onError=errors.append))
    assert run.state is RunState.FAILED
    assert [error.kind for error in errors] == [kind]
    assert errors[0].sentence.endswith(".")
    assert "Traceback" not in errors[0].sentence
    assert node_ids() == before
    wait_until(lambda: nothing_left(temporary))


def test_engine_that_breaks_while_it_is_started_is_told(make_run, temporary, finished_folders, make_engine):
    class Broken:
        def start(self, *_unused):
            raise PermissionError("the interpreter may not be run")

    engine = make_engine("good", *finished_folders, makeTransport=Broken)
    errors = []
    run = finish(make_run(engine=engine, onError=errors.append))
    assert run.state is RunState.FAILED
    assert [error.kind for error in errors] == [ErrorKind.START]
    assert "the interpreter may not be run" in errors[0].sentence
    assert not engine.isRunning
    wait_until(lambda: nothing_left(temporary))


def test_no_room_on_the_disk_is_told_before_anything_is_computed(make_run, temporary, monkeypatch):
    from types import SimpleNamespace

    monkeypatch.setattr("shutil.disk_usage", lambda path: SimpleNamespace(free=1000))
    run = finish(make_run())
    assert run.state is RunState.FAILED
    assert "make room" in run.error.sentence
    wait_until(lambda: nothing_left(temporary))


def test_unusable_ct_is_refused_with_its_verdict(make_run, phantom_node):
    slicer.util.arrayFromVolume(phantom_node)[:] = 100
    slicer.util.arrayFromVolumeModified(phantom_node)
    run = finish(make_run())
    assert (run.state, run.error.kind) == (RunState.FAILED, ErrorKind.INPUT)
