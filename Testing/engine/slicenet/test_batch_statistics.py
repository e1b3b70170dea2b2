"""Statistics of training batches are those that training itself would normalize by."""

import copy

import pytest
import torch

from harness.tiny_slicenet import random_batches, random_slice_net
from hemorrhage.slicenet import SliceNetSettings
from hemorrhage.slicenet.batch_statistics import normalized_by, number_of_batches, record_batch_statistics

SETTINGS = SliceNetSettings(classes=["background", "IPH", "SDH"], channels=[4, 8, 8], image_size=32)
BATCHES = random_batches(SETTINGS, 3)


@pytest.fixture(scope="module")
def network():
    return random_slice_net(SETTINGS)


def test_normalized_by_its_own_batch_it_predicts_as_in_training(network):
    statistics = record_batch_statistics(network, BATCHES)
    assert number_of_batches(statistics) == 3
    for k, batch in enumerate(BATCHES):
        in_training = copy.deepcopy(network).train()(batch)
        with normalized_by(network, statistics, k):
            assert torch.allclose(network(batch), in_training, atol=1e-4)


def test_neither_recording_nor_using_changes_the_network(network):
    before = {key: value.clone() for key, value in network.state_dict().items()}
    expected = network(BATCHES[0])
    statistics = record_batch_statistics(network, BATCHES)
    with normalized_by(network, statistics, 2):
        assert not torch.allclose(network(BATCHES[0]), expected, atol=1e-2)
    assert torch.equal(network(BATCHES[0]), expected)
    assert all(torch.equal(value, before[key]) for key, value in network.state_dict().items())
    assert not network.training


def test_dropout_is_off_while_recording():
    settings = SETTINGS.model_copy(update={"dropout": 0.5})
    dropped, whole = (record_batch_statistics(random_slice_net(each), BATCHES) for each in (settings, SETTINGS))
    assert all(torch.equal(dropped[key], whole[key]) for key in whole)


def test_nothing_to_record_is_said(network):
    with pytest.raises(ValueError, match="at least one"):
        record_batch_statistics(network, [])
    with pytest.raises(ValueError, match="no batch normalization"):
        record_batch_statistics(torch.nn.Conv2d(1, 2, 3), BATCHES)
