"""Epochs come back from the file as they were, and one that is trained again replaces what was there."""

import json
import math
from dataclasses import dataclass, replace

from hemorrhage_training.epoch_log import EpochLog


@dataclass(frozen=True)
class Record:
    """An epoch with a figure per class."""

    epoch: int
    dice: tuple[float, ...]
    loss: float = 0.5


def test_numbers_that_are_none_come_back(tmp_path):
    log = EpochLog(tmp_path / "epochs.jsonl", Record)
    assert log.read() == []
    log.add(Record(0, (0.25, math.nan), math.nan))
    (found,) = log.read()
    assert found.dice[0] == 0.25
    assert math.isnan(found.dice[1])
    assert math.isnan(found.loss)
    assert json.loads(log.path.read_text(), parse_constant=lambda name: 1 / 0) == {"epoch": 0, "dice": [0.25, None], "loss": None}


def test_an_epoch_that_is_trained_again_replaces_it_and_those_after(tmp_path):
    log = EpochLog(tmp_path / "epochs.jsonl", Record)
    records = [Record(epoch, (0.1 * epoch,)) for epoch in range(4)]
    for record in records:
        log.add(record)
    again = replace(records[2], loss=0.25)
    log.add(again)
    assert log.read() == [*records[:2], again]
