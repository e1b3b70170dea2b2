"""A widened network computes what the narrow one does, and learns with what is new."""

import pytest
import torch

from hemorrhage.nnunet.architecture import build_network, load_weights
from hemorrhage.nnunet.network_plans import read_plans
from hemorrhage_training.embedded.plans import CONFIGURATION, embedded_dataset_json, embedded_plans
from hemorrhage_training.embedded.widening import widened

NARROW = (4, 6, 8, 10, 12)
WIDE = [(4, 6, 8, 15, 20), (5, 9, 8, 10, 12), (8, 12, 16, 20, 24), NARROW]


def _network(features, seed):
    plans = embedded_plans()
    plans["configurations"][CONFIGURATION]["architecture"]["arch_kwargs"]["features_per_stage"] = list(features)
    torch.manual_seed(seed)
    network = build_network(read_plans(plans, embedded_dataset_json(0), CONFIGURATION)).requires_grad_(True)
    network.decoder.deep_supervision = True
    for parameter in network.parameters():  # affine weights too, which are one and zero at first
        parameter.data += 0.1 * torch.randn_like(parameter)
    return network


@pytest.mark.parametrize("features", WIDE, ids=str)
def test_every_scale_is_the_narrow_network_s(features):
    narrow, wide = _network(NARROW, 0), _network(features, 1)
    load_weights(wide, widened(narrow.state_dict(), wide))
    image = torch.randn(1, 1, 4, 32, 32, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        for ours, expected in zip(wide(image), narrow(image), strict=True):
            torch.testing.assert_close(ours, expected, rtol=0, atol=1e-5)


def test_new_channels_take_part_after_one_step():
    narrow, wide = _network(NARROW, 0), _network(WIDE[0], 1)
    load_weights(wide, widened(narrow.state_dict(), wide))
    image = torch.randn(1, 1, 4, 32, 32, generator=torch.Generator().manual_seed(2))
    wide(image)[0].square().mean().backward()
    unread = wide.decoder.stages[0].convs[0].conv.weight  # of the new channels, upsampled and skipped, by the earlier ones
    for new in (slice(10, 15), slice(25, 30)):
        assert (unread[:10, new] == 0).all()
        assert unread.grad[:10, new].abs().amax(dim=(0, 2, 3, 4)).min() > 0


def test_a_wider_start_is_refused_by_the_name_of_the_tensor():
    narrow, wide = _network(NARROW, 0), _network(WIDE[2], 1)
    with pytest.raises(ValueError, match=r"encoder.*does not fit into the network"):
        widened(wide.state_dict(), narrow)
    with pytest.raises(ValueError, match=r"something\.else \(3,\) does not fit"):
        widened({"something.else": torch.zeros(3)}, narrow)
