"""One tiny data set for the tests of 2D training, with its slices prepared."""

import pytest

from harness.slice_training_data import write_slice_training_data
from hemorrhage.slices import SliceSettings
from hemorrhage_training.datasets.raw_cases import open_raw_cases
from hemorrhage_training.slices.slice_store import SliceStore

SETTINGS = SliceSettings(classes=["background", "IPH", "SDH"], channels=[4, 8], image_size=32)


@pytest.fixture(scope="session")
def heads(tmp_path_factory):
    return write_slice_training_data(tmp_path_factory.mktemp("heads"), cases=2)


@pytest.fixture(scope="session")
def store(heads, tmp_path_factory):
    """Where both cases are prepared."""
    store = SliceStore(tmp_path_factory.mktemp("store"), SETTINGS, None)
    for case in open_raw_cases(heads).cases:
        store.add(case)
    return store


@pytest.fixture(scope="session")
def prepared(heads, store):
    return [store.case(case) for case in open_raw_cases(heads).cases]
