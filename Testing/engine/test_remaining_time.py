"""The estimate of the remaining time."""

from __future__ import annotations

import pytest

from hemorrhage.progress import Progress, Stage
from hemorrhage.remaining_time import RemainingTime


def test_remaining_time_follows_the_samples():
    times = iter([10.0, 10.0, 14.0, 18.0, 30.0])
    remaining = RemainingTime(clock=lambda: next(times))
    assert remaining.update(Progress(Stage.PREPROCESSING)) is None
    assert remaining.update(Progress(Stage.SAMPLING, 0, 10)) is None
    assert remaining.update(Progress(Stage.SAMPLING, 1, 10)) == pytest.approx(36.0)
    assert remaining.update(Progress(Stage.SAMPLING, 2, 10)) == pytest.approx(32.0)
    assert remaining.update(Progress(Stage.WRITING, 0, 0)) is None
