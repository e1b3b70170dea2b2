"""What an epoch consists of."""

from pathlib import Path

import numpy as np

from hemorrhage_training.slices.slice_sampler import SliceSampler
from hemorrhage_training.slices.slice_store import SliceCase

#: Three cases of ten slices; one slice shows class 1, five show class 2, one of them both.
CASES = [
    SliceCase("a", Path(), 10, ((3,), (3, 4))),
    SliceCase("b", Path(), 10, ((), (0, 1, 2))),
    SliceCase("c", Path(), 10, ((), ())),
]


def _drawn(sampler, epochs):
    found = []
    for epoch in range(epochs):
        sampler.set_epoch(epoch)
        found += list(sampler)
    return found


def test_hemorrhages_are_seen_as_often_as_asked_and_rare_ones_as_often_as_common_ones():
    drawn = _drawn(SliceSampler(CASES, 0, 0.6, 1000), 4)
    shown = {1: {(0, 3)}, 2: {(0, 3), (0, 4), (1, 0), (1, 1), (1, 2)}}
    share = {value: np.mean([(d.case, d.slice) in slices for d in drawn]) for value, slices in shown.items()}
    # class 1: half of the 60 %, its slice's fifth of class 2's half, and 1/30 of the rest
    assert abs(share[1] - (0.3 + 0.06 + 0.4 / 30)) < 0.03
    assert abs(share[2] - (0.6 + 0.4 * 5 / 30)) < 0.03


def test_without_a_share_every_slice_comes_once():
    drawn = _drawn(SliceSampler(CASES, 0, None, 7), 1)
    assert sorted((d.case, d.slice) for d in drawn) == [(case, k) for case in range(3) for k in range(10)]


def test_epochs_differ_and_repeat():
    sampler = SliceSampler(CASES, 3, 0.5)
    assert _drawn(sampler, 2) == _drawn(SliceSampler(CASES, 3, 0.5), 2)
    first, second = _drawn(sampler, 2)[:30], _drawn(sampler, 2)[30:]
    assert first != second
    assert _drawn(SliceSampler(CASES, 4, 0.5), 1) != first
    assert len({d.seed for d in first + second}) == 60


def test_processes_share_an_epoch():
    """Together they draw what one would, the odd last slice left out."""
    parts = [_drawn(SliceSampler(CASES, 0, 0.5, 31, rank=rank, world=2), 1) for rank in range(2)]
    alone = _drawn(SliceSampler(CASES, 0, 0.5, 31), 1)
    assert [len(part) for part in parts] == [15, 15]
    assert [each for pair in zip(*parts, strict=True) for each in pair] == alone[:30]


def test_data_without_hemorrhage_can_still_be_drawn():
    assert len(_drawn(SliceSampler([CASES[2]], 0, 0.5), 1)) == 10
