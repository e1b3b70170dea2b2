"""Every subtype is drawn about as often as the others, more often while it is called worse; a pool may grow."""

import numpy as np
import pytest

from hemorrhage_training.embedded.sampling import BalancedWindows


def _store(folder, number, subtype):
    labels = np.zeros((24, 20, 20), np.uint8)
    if subtype:
        labels[10:12, 5:9, 5:9] = subtype
    np.savez(folder / f"case_{number:06d}.npz", image=np.zeros(labels.shape, np.float16), labels=labels)


def test_a_rare_subtype_is_drawn_nearly_as_often_as_a_common_one(tmp_path):
    for k in range(9):
        _store(tmp_path, k, 2)
    _store(tmp_path, 9, 5)
    windows = BalancedWindows(tmp_path, 4)
    drawn = [windows.draw(np.random.default_rng(s))[1] for s in range(300)]
    common, rare = (sum(bool((labels == c).any()) for labels in drawn) for c in (2, 5))
    assert 0.75 < common / rare < 2.2  # nine to one in the pool
    assert sum(not labels.any() for labels in drawn) > 25  # windows without hemorrhage


def test_the_worse_a_subtype_is_called_the_more_often_it_is_drawn(tmp_path):
    _store(tmp_path, 0, 2)
    _store(tmp_path, 1, 5)
    windows = BalancedWindows(tmp_path, 4)
    drawn = [windows.draw(np.random.default_rng(s), dice=(0, 0.9, 0, 0, 0.3))[1] for s in range(300)]
    well, badly = (sum(bool((labels == c).any()) for labels in drawn) for c in (2, 5))
    assert 1.6 < badly / well < 5
    assert well > 25  # not forgotten


def test_cases_without_hemorrhage_alone_are_drawn_too(tmp_path):
    _store(tmp_path, 0, 0)
    image, labels = BalancedWindows(tmp_path, 4).draw(np.random.default_rng(0))
    assert image.shape[1:] == labels.shape[1:] == (32, 32)


def test_a_case_that_came_later_is_drawn(tmp_path):
    _store(tmp_path, 0, 0)
    windows = BalancedWindows(tmp_path, 4)
    windows.draw(np.random.default_rng(0))
    _store(tmp_path, 1, 3)
    assert any((windows.draw(np.random.default_rng(s))[1] == 3).any() for s in range(20))


def test_an_empty_pool_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="no cases"):
        BalancedWindows(tmp_path, 4).draw(np.random.default_rng(0))


def test_some_whole_slices_and_all_slices_are_drawn(tmp_path):
    rng = np.random.default_rng(0)
    image = rng.standard_normal((27, 140, 120)).astype(np.float16)
    np.savez(tmp_path / "case_000000.npz", image=image, labels=np.zeros(image.shape, np.uint8))
    windows = BalancedWindows(tmp_path, 12)
    drawn = [tuple(windows.draw(np.random.default_rng(s))[0].shape) for s in range(40)]
    assert set(drawn) == {(12, 144, 128), (28, 144, 128)}
    assert windows.draw(np.random.default_rng(0), coarse=True)[0].shape[1] % 16 == 0
