"""The faster instance normalization is torch's: forward, backward, and in the networks that are built."""

import pytest
import torch
from torch import nn

from harness.tiny_nnunet import tiny_dataset, tiny_plans
from hemorrhage.models import load_model
from hemorrhage.models.model import open_contents
from hemorrhage.nnunet.architecture import build_network, load_weights
from hemorrhage.nnunet.instance_norm import FASTER
from hemorrhage.nnunet.network_plans import read_plans

KINDS = [(nn.InstanceNorm2d, (2, 5, 9, 14)), (nn.InstanceNorm3d, (2, 5, 4, 9, 14)), (nn.InstanceNorm3d, (1, 3, 8, 64, 64))]


def _pair(kind, channels, **options):
    torch.manual_seed(0)
    theirs = kind(channels, **options)
    for parameter in theirs.parameters():
        nn.init.normal_(parameter)
    ours = FASTER[kind](channels, **options)
    ours.load_state_dict(theirs.state_dict())
    return ours, theirs


@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize(("kind", "shape"), KINDS, ids=str)
def test_result_and_gradients_are_torch_s(kind, shape, affine):
    ours, theirs = _pair(kind, shape[1], affine=affine)
    images = [(3 + 2 * torch.randn(shape, generator=torch.Generator().manual_seed(1))).requires_grad_() for _ in range(2)]
    results = [module(image) for module, image in zip((ours, theirs), images, strict=True)]
    torch.testing.assert_close(*results, rtol=1e-5, atol=1e-5)
    for result in results:
        (result**3).mean().backward()
    torch.testing.assert_close(images[0].grad, images[1].grad, rtol=1e-4, atol=1e-7)
    for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(a.grad, b.grad, rtol=1e-4, atol=1e-5)


def test_it_is_as_exact_as_torch_s_far_from_zero():
    ours, theirs = _pair(nn.InstanceNorm3d, 2, affine=True)
    image = 100 + torch.randn(1, 2, 16, 96, 96, generator=torch.Generator().manual_seed(1))
    exact = theirs.double()(image.double())
    theirs.float()
    error, its_error = ((module(image).double() - exact).abs().max() for module in (ours, theirs))
    assert error < 3 * its_error + 1e-6


def test_running_statistics_and_images_without_a_batch_are_left_to_torch():
    image = torch.randn(2, 3, 4, 8, 8, generator=torch.Generator().manual_seed(1))
    ours, theirs = _pair(nn.InstanceNorm3d, 3, track_running_stats=True)
    torch.testing.assert_close(ours(image), theirs(image))
    torch.testing.assert_close(ours.eval()(image), theirs.eval()(image))
    ours, theirs = _pair(nn.InstanceNorm3d, 3, affine=True)
    torch.testing.assert_close(ours(image[0]), theirs(image[0]))


def test_an_image_of_another_dimension_is_refused():
    with pytest.raises(ValueError, match="expected 4D or 5D input"):
        FASTER[nn.InstanceNorm3d](3)(torch.zeros(1, 3, 8))


@pytest.mark.parametrize("configuration", ["2d", "3d_fullres"])
@pytest.mark.parametrize(("stock", "expected"), [(True, FASTER.keys()), (False, FASTER.values())])
def test_networks_have_it_unless_they_are_to_equal_stock(configuration, stock, expected):
    flat = {"patch_size": (32, 32), "spacing": (1.0, 1.0)} if configuration == "2d" else {}
    network = build_network(read_plans(tiny_plans(configuration, **flat), tiny_dataset(), configuration), stock=stock)
    norms = {type(module) for module in network.modules() if isinstance(module, nn.modules.instancenorm._InstanceNorm)}
    assert norms
    assert norms <= set(expected)


def test_the_embedded_model_computes_what_it_would_with_torch_s():
    contents = open_contents(load_model("default").folder)
    image = torch.randn(1, 1, 8, 64, 48, generator=torch.Generator().manual_seed(1))
    found = []
    for stock in (True, False):
        network = build_network(contents.plans, stock=stock)
        load_weights(network, contents.read_weights()[0])
        found.append(network(image).softmax(1))
    torch.testing.assert_close(*found, rtol=0, atol=1e-4)
