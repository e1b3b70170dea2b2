"""Stored slices are those that inference sees, and are kept for as long as they are right."""

import json
from dataclasses import replace

import numpy as np
import torch

from hemorrhage.reading import read_ct
from hemorrhage.sampling.working_grid import WorkingGrid
from hemorrhage.slices.preprocessing import prepare
from hemorrhage_training.calibration.calibration_cases import FileCase
from hemorrhage_training.datasets.raw_cases import open_raw_cases
from hemorrhage_training.slices.slice_store import IGNORED, LeftOut, SliceStore, labels_on_grid


def test_slices_are_those_of_inference(heads, prepared):
    """To the resolution of the stored numbers: 1/2048 of the window, 0.04 HU."""
    source = open_raw_cases(heads).cases[0]
    expected = prepare(read_ct(source.ct), _settings()).data[0].numpy()
    stored = prepared[0].images()
    assert isinstance(stored, np.memmap)
    assert stored.shape == expected.shape
    assert np.abs(stored - expected).max() < 1 / 2048


def test_labels_lie_on_the_bright_pixels(prepared):
    images, labels = prepared[0].images(), prepared[0].labels()
    assert set(np.unique(labels)) == {0, 1, 2}
    for value in (1, 2):
        assert prepared[0].present[value - 1] == tuple(np.flatnonzero((labels == value).any((1, 2))))
        assert images[labels == value].mean() > images[(labels == 0) & (images > 0)].mean() + 0.2


def test_the_largest_share_of_a_pixel_wins():
    """Against counting: each pixel of the grid is a block of 2 x 2 voxels, and the filter is a tent of twice its width."""
    labels = np.zeros((1, 8, 8), np.uint8)
    labels[0, :, 4:] = 1
    labels[0, 6:, :2] = 3
    grid = WorkingGrid((1, 8, 8), (0, 1, 2), ((0, 1), (0, 8), (0, 8)), (1, 4, 4), (5.0, 2.0, 2.0))
    expected = np.zeros((1, 4, 4), np.uint8)
    expected[0, :, 2:] = 1
    expected[0, 3, 0] = IGNORED
    assert np.array_equal(labels_on_grid(labels, grid, ignore=3), expected)


def test_other_settings_have_another_folder(tmp_path):
    first = SliceStore(tmp_path, _settings(), None)
    assert SliceStore(tmp_path, _settings(channels=[8, 8]), None).folder == first.folder
    assert SliceStore(tmp_path, _settings(margin_mm=5), None).folder != first.folder
    assert SliceStore(tmp_path, _settings(), 3).folder != first.folder


def test_a_case_whose_files_changed_is_prepared_again(heads, store):
    source = open_raw_cases(heads).cases[0]
    assert store.case(source) is not None
    assert store.case(replace(source, labels=source.ct)) is None
    record = store.folder / f"{source.name}.json"
    text = record.read_text()
    record.write_text(text[:20])
    assert store.case(source) is None
    record.write_text(text)
    assert not [path for path in store.folder.iterdir() if "partial" in path.name]


def test_a_case_that_cannot_be_used_is_named_and_remembered(heads, tmp_path):
    source = open_raw_cases(heads).cases[0]
    broken = FileCase("broken", tmp_path / "broken.nii.gz", source.labels, 3)
    broken.ct.write_bytes(b"no CT")
    store = SliceStore(tmp_path, _settings(), None)
    outcome = store.add(broken)
    assert isinstance(outcome, LeftOut)
    assert outcome == store.case(broken)
    assert json.loads((store.folder / "broken.json").read_text())["reason"] == outcome.reason


def _settings(**changes):
    from hemorrhage.slices import SliceSettings

    return SliceSettings(**{"classes": ["background", "IPH", "SDH"], "channels": [4, 8], "image_size": 32} | changes)


def test_ignored_pixels_survive_augmentation():
    """255 is no class: turning labels must not turn it into one."""
    from hemorrhage_training.slices.augmentation import SliceVariation, varied

    labels = torch.full((1, 16, 16), IGNORED, dtype=torch.uint8)
    _, turned = varied(torch.zeros(1, 16, 16), labels, SliceVariation(degrees=10, scale=1.1))
    assert set(turned.unique().tolist()) <= {0, IGNORED}
