"""One tiny data set for the tests of SLEX-Net's training."""

import pytest

from harness.slice_training_data import write_slice_training_data


@pytest.fixture(scope="session")
def heads(tmp_path_factory):
    return write_slice_training_data(tmp_path_factory.mktemp("heads"), cases=3)


@pytest.fixture(scope="session")
def work(tmp_path_factory):
    """Where all runs lie, so that slices are prepared once."""
    return tmp_path_factory.mktemp("work")
