"""Work in steps: what it returns, what goes wrong in it, and what it leaves of the event loop's time."""

from __future__ import annotations

import time

import numpy as np
import pytest
import slicer

from harness.event_loop import wait_until
from harness.heartbeat import least_late_ms
from HemorrhageUncertaintyLib.background import inBackground
from HemorrhageUncertaintyLib.map_volume import imageSteps
from HemorrhageUncertaintyLib.step_runner import StepRunner, allSteps


def counting(steps):
    """Take so many steps, and return their number."""
    for _ in range(steps):
        yield
    return steps


def test_result_of_the_steps_is_handed_over():
    done, errors = [], []
    StepRunner(counting(5), done.append, errors.append).start()
    wait_until(lambda: done)
    assert (done, errors) == ([5], [])


def test_error_of_who_gets_the_result_is_told_like_one_of_the_steps():
    def refuse(result):
        raise OSError("no room for it")

    errors = []
    StepRunner(counting(1), refuse, errors.append).start()
    wait_until(lambda: errors)
    assert [str(error) for error in errors] == ["no room for it"]


def test_error_in_telling_an_error_is_logged(caplog):
    def refuse(error):
        raise OSError("nobody listens")

    StepRunner((1 / 0 for _ in "a"), print, refuse).start()
    wait_until(lambda: caplog.records)
    assert "could not be told" in caplog.text


def test_stopped_steps_undo_what_is_half_done():
    seen = []

    def steps():
        try:
            while True:
                yield
        finally:
            seen.append("undone")

    runner = StepRunner(steps(), seen.append, seen.append)
    runner.start()
    slicer.app.processEvents()
    runner.stop()
    slicer.app.processEvents()
    assert seen == ["undone"]


def test_rest_of_the_steps_can_be_done_at_once():
    done, errors = [], []
    runner = StepRunner(counting(5), done.append, errors.append)
    runner.start()
    runner.finish()
    assert (done, errors) == ([5], [])
    runner.finish()
    slicer.app.processEvents()
    assert (done, errors) == ([5], [])
    StepRunner((1 / 0 for _ in "a"), done.append, errors.append).finish()
    assert [type(error) for error in errors] == [ZeroDivisionError]


def test_what_is_computed_in_the_background_does_not_hold_the_event_loop_up():
    def compute():
        time.sleep(0.3)
        return 7

    done = []

    def run():
        done.clear()
        StepRunner(inBackground(compute), done.append, done.append).start()
        wait_until(lambda: done)
        assert done == [7]

    assert least_late_ms(run) < 100


def test_error_in_the_background_is_raised_in_the_foreground():
    with pytest.raises(ZeroDivisionError):
        allSteps(inBackground(lambda: 1 / 0))


@pytest.mark.parametrize("dtype", [np.float32, np.uint8, np.int16])
def test_image_holds_a_copy_of_the_array(dtype):
    values = np.arange(24, dtype=dtype).reshape(2, 3, 4)
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode")
    node.SetAndObserveImageData(allSteps(imageSteps(values)))
    found = slicer.util.arrayFromVolume(node)
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, values)
    values[:] = 0
    assert found.any()
