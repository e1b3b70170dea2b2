"""The U-Net with dropout: the same weights, other predictions in training only."""

import torch

from hemorrhage.sampling.channel_dropout import dropout_layers
from hemorrhage.slices.unet import UNet

IMAGES = torch.rand(2, 1, 16, 16, generator=torch.Generator().manual_seed(0))


def test_dropout_changes_neither_weights_nor_plain_predictions():
    plain, dropped = UNet(1, 3, [4, 8, 8]).eval(), UNet(1, 3, [4, 8, 8], dropout=0.5).eval()
    dropped.load_state_dict(plain.state_dict())
    assert torch.equal(plain(IMAGES), dropped(IMAGES))
    assert len(dropout_layers([dropped])) == 5
    assert dropout_layers([plain]) == []


def test_dropout_is_active_in_training():
    network = UNet(1, 3, [4, 8, 8], dropout=0.5).train()
    assert not torch.equal(network(IMAGES), network(IMAGES))
