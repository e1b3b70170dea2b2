"""A run that is stopped after each step of its import: the scene is as before, or the new result is there and complete."""

from __future__ import annotations

import shutil

import pytest
import slicer

from harness.event_loop import wait_until
from HemorrhageUncertaintyLib.hemorrhage_result import HemorrhageResult
from HemorrhageUncertaintyLib.requests import PreviewEvent, ResultEvent, SegmentOptions
from HemorrhageUncertaintyLib.result_scene import ResultScene
from HemorrhageUncertaintyLib.run import Run, RunCallbacks, RunState


def node_ids():
    """Return the IDs of all nodes of the scene."""
    return {slicer.mrmlScene.GetNthNode(index).GetID() for index in range(slicer.mrmlScene.GetNumberOfNodes())}


def classes():
    """Return the class of every node of the scene, sorted."""
    return sorted(slicer.mrmlScene.GetNthNode(index).GetClassName() for index in range(slicer.mrmlScene.GetNumberOfNodes()))


class InstantEngine:
    """Has the result at hand: no process, no waiting.

    Parameters
    ----------
    result, preview : Path
        Folders, of which the client gets copies.
    """

    def __init__(self, result, preview):
        self._result, self._preview = result, preview

    def request(self, request, heard):
        """Show a preview, and hand the result over once that is in the scene."""
        preview = request.folder.parent / "preview"
        shutil.copytree(self._preview, preview)
        heard(PreviewEvent(preview, 1))
        wait_until(lambda: slicer.mrmlScene.GetFirstNode("preview", None, None, False) is not None)
        shutil.copytree(self._result, request.folder)
        heard(ResultEvent(request.folder))

    def kill(self, wait):
        """Nothing runs."""


class Interrupted(ResultScene):
    """Acts after the n-th step that has changed which nodes there are.

    Parameters
    ----------
    number : int
        From 1.
    action : callable
    isReplacing : bool
        Count only the steps after the new result is complete.

    Attributes
    ----------
    acted : bool
        False where there were fewer such steps.
    wasComplete : bool
        Whether the new result was complete by then.
    """

    def __init__(self, number, action, isReplacing=False):
        super().__init__()
        self._number, self._action, self._isReplacing = number, action, isReplacing
        self.acted = self.wasComplete = False

    def importSteps(self, *arguments):
        """Make the nodes of a result."""
        return (yield from self._watched(super().importSteps(*arguments), False))

    def replaceSteps(self, result):
        """Let it take the place of the earlier one."""
        return (yield from self._watched(super().replaceSteps(result), True))

    def _watched(self, steps, isComplete):
        try:
            seen = node_ids()
            while True:
                try:
                    next(steps)
                except StopIteration as end:
                    return end.value
                if node_ids() != seen and isComplete >= self._isReplacing:
                    seen, self._number = node_ids(), self._number - 1
                    if self._number == 0:
                        self.acted, self.wasComplete = True, isComplete
                        self._action()
                yield
        finally:
            steps.close()


@pytest.fixture
def segment(finished_folders, phantom_node, temporary):
    """Return `segment(scene, tell)`, which does a whole run and returns it; `tell(run)` is called before it starts."""

    def segment(scene, tell=lambda run: None):
        run = Run(InstantEngine(*finished_folders), scene, phantom_node, SegmentOptions(), temporary, RunCallbacks())
        tell(run)
        run.start()
        wait_until(lambda: run.state.isOver)
        return run

    return segment


def test_canceled_after_whichever_step(segment):
    segment(ResultScene())
    outcomes = {}
    number = 0
    while True:
        number += 4 if outcomes.get(number) else 1  # once it is too late, every fourth step is enough
        (earlier,), before, alike, runs = HemorrhageResult.all(), node_ids(), classes(), []
        scene = Interrupted(number, lambda runs=runs: runs[0].cancel())
        run = segment(scene, runs.append)
        if not scene.acted:
            break
        where = f"after step {number}"
        assert run.state is (RunState.DONE if scene.wasComplete else RunState.CANCELLED), where
        if not scene.wasComplete:
            assert node_ids() == before, where
            assert HemorrhageResult.all() == [earlier], where
        else:
            assert classes() == alike, where
            assert HemorrhageResult.all() == [run.result], where
            assert not earlier.exists, where
        outcomes[number] = scene.wasComplete
    wereComplete = list(outcomes.values())
    assert wereComplete == sorted(wereComplete), "whether it is too late was decided more than once"
    assert wereComplete.count(False) > 10
    assert wereComplete.count(True) > 2


@pytest.mark.parametrize("event", ["NodeAddedEvent", "NodeAboutToBeRemovedEvent"])
def test_canceled_by_who_listens_to_the_scene(segment, event):
    """In the middle of a step."""
    (earlier,), before = [segment(ResultScene()).result], node_ids()
    runs, seen = [], []

    def cancel(_caller, _event):
        seen.append(runs[0].state)
        if runs[0].state is RunState.IMPORTING:
            runs[0].cancel()

    tag = slicer.mrmlScene.AddObserver(getattr(slicer.mrmlScene, event), cancel)
    try:
        run = segment(ResultScene(), runs.append)
        wait_until(lambda: RunState.IMPORTING in seen)
    finally:
        slicer.mrmlScene.RemoveObserver(tag)
    slicer.app.processEvents()
    if event == "NodeAddedEvent":
        assert run.state is RunState.CANCELLED
        assert (node_ids(), HemorrhageResult.all()) == (before, [earlier])
    else:  # only the complete result makes others go
        assert run.state is RunState.DONE
        assert HemorrhageResult.all() == [run.result]


def test_canceled_in_the_very_last_step_of_the_import(segment):
    class LastStep(ResultScene):
        def importSteps(self, *arguments):
            result = yield from super().importSteps(*arguments)
            runs[0].cancel()
            return result

    (earlier,), before, runs = [segment(ResultScene()).result], node_ids(), []
    run = segment(LastStep(), runs.append)
    assert (run.state, run.result) == (RunState.CANCELLED, None)
    assert (node_ids(), HemorrhageResult.all()) == (before, [earlier])


def test_rest_can_be_done_at_once_after_the_result_is_complete(segment, finished_folders, phantom_node, temporary):
    earlier, alike = segment(ResultScene()).result, classes()
    run = Run(InstantEngine(*finished_folders), ResultScene(), phantom_node, SegmentOptions(), temporary)
    run.start()
    run.finish()
    assert not run.state.isOver
    wait_until(lambda: run.result is not None)
    run.finish()
    assert run.state is RunState.DONE
    assert not earlier.exists
    assert classes() == alike


@pytest.mark.parametrize("step", [1, 4])
def test_ct_that_is_deleted_while_the_earlier_result_goes_away(segment, phantom_node, step):
    segment(ResultScene())
    scene = Interrupted(step, lambda: slicer.mrmlScene.RemoveNode(phantom_node), isReplacing=True)
    run = segment(scene)
    assert scene.acted
    assert run.state is RunState.DONE
    assert HemorrhageResult.all() == [run.result]
    assert run.result.ct is None
    segmentations = slicer.util.getNodesByClass("vtkMRMLSegmentationNode")
    assert segmentations == [run.result.segmentation]


@pytest.mark.parametrize("step", [1, 4])
def test_scene_that_is_closed_while_the_earlier_result_goes_away(segment, step):
    before = node_ids()
    segment(ResultScene())
    scene = Interrupted(step, lambda: slicer.mrmlScene.Clear(False), isReplacing=True)
    run = segment(scene)
    assert scene.acted
    assert run.state is RunState.DROPPED
    assert run.result is None
    assert node_ids() < before
