"""Dropout at inference: the same maps for the whole of a sample, others for the next, nothing left behind."""

import numpy as np
import pytest
import torch

from hemorrhage.sampling.channel_dropout import channels_dropped, dropout_layers


def network(rate=0.4):
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Conv2d(1, 50, 1), torch.nn.Dropout2d(rate), torch.nn.Dropout(0.0)).eval()


def test_whole_maps_are_left_out_and_the_others_scaled():
    net, images = network(), torch.rand(3, 1, 4, 4)
    plain = net(images)
    with channels_dropped([net], seed=5, index=2):
        dropped = net(images)
    ratio = (dropped / plain).detach().numpy()
    assert np.allclose(ratio, ratio[:1, :, :1, :1], atol=1e-5)
    values = ratio[0, :, 0, 0]
    assert np.allclose(values[values != 0], 1 / 0.6, atol=1e-5)
    assert 0.2 < (values == 0).mean() < 0.6
    assert torch.equal(net(images), plain)


def test_a_sample_depends_on_its_seed_and_index_only():
    net, images = network(), torch.rand(4, 1, 4, 4)

    def sample(seed, index, batch=4):
        with channels_dropped([net], seed, index):
            return torch.cat([net(part) for part in images.split(batch)])

    assert torch.equal(sample(1, 0), sample(1, 0, batch=1))
    assert not torch.equal(sample(1, 0), sample(1, 1))
    assert not torch.equal(sample(1, 0), sample(2, 0))


def test_the_mean_over_many_samples_is_the_plain_prediction():
    net, images = network(0.2), torch.rand(1, 1, 1, 1)
    total = 0
    for index in range(400):
        with channels_dropped([net], 0, index):
            total = total + net(images)
    # Standard error of the mean of a factor that is 0 or 1 / 0.8: 0.5 / sqrt(400).
    assert (total / 400).detach().numpy() == pytest.approx(net(images).detach().numpy(), rel=5 * 0.025, abs=1e-6)


def test_layers_that_leave_out_nothing_do_not_count():
    assert len(dropout_layers([network()])) == 1
    assert dropout_layers([torch.nn.Dropout2d(0.0)]) == []
