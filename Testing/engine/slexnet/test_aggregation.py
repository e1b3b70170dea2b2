"""Equations 2 to 7 of the paper against a plain NumPy reading of them."""

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from harness.tiny_slexnet import random_slexnet
from hemorrhage.slexnet import Direction, SlexNetSettings, Weighting
from hemorrhage.slexnet.aggregation import aggregate, consistency_error, consistency_weight
from hemorrhage.slexnet.network import SlexNet
from hemorrhage.slices.unet import UNet

BINARY = ["background", "hemorrhage"]
SIX = ["background", "EDH", "IPH", "IVH", "SAH", "SDH"]


def settings(classes=BINARY, **changes) -> SlexNetSettings:
    return SlexNetSettings(classes=classes, channels=[4, 8, 8], image_size=32, **changes)


def slices(count: int = 5) -> torch.Tensor:
    return torch.randn(count, 1, 32, 32, generator=torch.Generator().manual_seed(1))


def probabilities(classes: int, seed: int) -> torch.Tensor:
    return torch.randn(3, classes, 5, 7, generator=torch.Generator().manual_seed(seed)).mul(2).softmax(1)


def test_equations_5_to_7_for_two_classes():
    own, forward, backward = (probabilities(2, seed) for seed in (1, 2, 3))
    p, f, b = (each.numpy()[:, 1].astype(np.float64) for each in (own, forward, backward))
    error = np.abs(f - b)
    weight = 0.2 * np.exp(-(error**2))
    expected = (1 - 2 * weight) * p + weight * f + weight * b
    assert consistency_error(forward, backward)[:, 0].numpy() == pytest.approx(error, abs=1e-6)
    assert consistency_weight(torch.from_numpy(error), 0.2).numpy() == pytest.approx(weight)
    assert aggregate(own, [forward, backward], settings())[:, 1].numpy() == pytest.approx(expected, abs=1e-6)


def test_equation_4():
    own, forward, backward = (probabilities(6, seed).double() for seed in (1, 2, 3))
    plain = settings(SIX, weighting=Weighting.PLAIN, beta=0.3)
    expected = (1 - 0.3 - 0.3) * own + 0.3 * forward + 0.3 * backward
    assert torch.allclose(aggregate(own, [forward, backward], plain), expected)


def test_equations_2_and_3():
    """An expansion sees neighbor, slice, and neighbor's prediction; at the ends the slice is its own neighbor."""
    net, stack = random_slexnet(settings(SIX)), slices()
    with torch.inference_mode():
        own, forward, backward = net.hypotheses(stack, batch=2)
        for i in range(5):
            alone = net.backbone(stack[i : i + 1]).softmax(1)
            assert torch.allclose(own[i : i + 1], alone, atol=1e-5)
            for found, j in ((forward, max(i - 1, 0)), (backward, min(i + 1, 4))):
                seen = torch.cat([stack[j : j + 1], stack[i : i + 1], own[j : j + 1, 1:]], 1)
                assert torch.allclose(found[i : i + 1], net.expansion(seen).softmax(1), atol=1e-5)


@pytest.mark.parametrize("classes", [BINARY, SIX])
@pytest.mark.parametrize("reach", [1, 2])
def test_sums_to_one_and_reverses_with_the_slices(classes, reach):
    net, stack = random_slexnet(settings(classes, reach=reach)), slices()
    with torch.inference_mode():
        found = net(stack)
        assert torch.allclose(found.sum(1), torch.ones(5, 32, 32), atol=1e-5)
        assert torch.allclose(net(stack.flip(0)).flip(0), found, atol=1e-5)
        own = net.hypotheses(stack)[0]
    assert (found - own).abs().max() > 0.01  # the neighbors do change something


def test_beta_0_is_the_backbone():
    net, stack = random_slexnet(settings(SIX, beta=0.0)), slices()
    with torch.inference_mode():
        assert torch.equal(net(stack), net.hypotheses(stack)[0])


def test_every_slice_passes_the_backbone_once_and_the_expansion_twice():
    net, passed = random_slexnet(settings()), {"backbone": 0, "expansion": 0}
    for name in passed:
        getattr(net, name).register_forward_hook(lambda _, images, out, name=name: passed.update({name: passed[name] + len(out)}))
    with torch.inference_mode():
        net.hypotheses(slices(7), batch=3)
    assert passed == {"backbone": 7, "expansion": 14}


@pytest.mark.parametrize(("direction", "offset"), [(Direction.FORWARD, -1), (Direction.BACKWARD, 1)])
def test_one_direction(direction, offset):
    chosen = settings(direction=direction, weighting=Weighting.PLAIN)
    assert chosen.offsets == (offset,)
    net, stack = random_slexnet(chosen), slices()
    with torch.inference_mode():
        own, expanded = net.hypotheses(stack)
        assert torch.allclose(net(stack), 0.8 * own + 0.2 * expanded, atol=1e-6)


def test_settings_that_contradict_each_other_are_refused():
    with pytest.raises(ValidationError, match="weighting must be plain"):
        settings(direction=Direction.FORWARD)
    with pytest.raises(ValidationError, match="multiple of 16"):
        SlexNetSettings(classes=BINARY, image_size=100)


def test_has_the_papers_number_of_parameters():
    """Table III: 13.39 million for the U-Net, 26.79 million for SLEX-Net."""
    with torch.device("meta"):
        unet = UNet(1, 2, SlexNetSettings(classes=BINARY).channels)
        whole = SlexNet(SlexNetSettings(classes=BINARY))
    assert sum(p.numel() for p in unet.parameters()) / 1e6 == pytest.approx(13.39, abs=0.006)
    assert sum(p.numel() for p in whole.parameters()) / 1e6 == pytest.approx(26.79, abs=0.011)
