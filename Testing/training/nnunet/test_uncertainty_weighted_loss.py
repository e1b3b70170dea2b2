"""Eq. 5 against a plain reading of the paper, and against nnU-Net's own loss where it must be that."""

import numpy as np
import pytest
import torch
from nnunetv2.training.loss.compound_losses import DC_and_CE_loss
from nnunetv2.training.loss.dice import MemoryEfficientSoftDiceLoss

from hemorrhage_training.nnunet.uncertainty_weighted_loss import UncertaintyWeightedLoss


def _stock(batch_dice=False, ignore=None):
    dice = {"batch_dice": batch_dice, "smooth": 1e-5, "do_bg": False, "ddp": False}
    return DC_and_CE_loss(dice, {}, ignore_label=ignore, dice_class=MemoryEfficientSoftDiceLoss)


def _draw(seed=0, shape=(2, 3, 4, 6, 5)):
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(shape, generator=generator)
    target = torch.randint(0, shape[1], (shape[0], 1, *shape[2:]), generator=generator)
    uncertainty = 0.3 * torch.rand((shape[0], 1, *shape[2:]), generator=generator)
    return logits, target, uncertainty


def _by_the_paper(logits, target, uncertainty, lam, batch_dice):
    """Eq. 5 in NumPy, double precision, voxel by voxel."""
    p = logits.double().softmax(1).numpy()
    t = np.stack([(target[:, 0] == c).numpy() for c in range(p.shape[1])], 1).astype(float)
    w = 1 + lam * uncertainty.double().numpy()
    cross_entropy = float(np.mean(w[:, 0] * -np.log(np.take_along_axis(p, target.numpy(), 1)[:, 0])))
    axes = (0, 2, 3, 4) if batch_dice else (2, 3, 4)
    numerator = 2 * (w * p * t).sum(axes) + 1e-5
    denominator = (w * t).sum(axes) + (w * p).sum(axes) + 1e-5
    return cross_entropy - float((numerator / denominator)[..., 1:].mean())


@pytest.mark.parametrize("batch_dice", [False, True])
@pytest.mark.parametrize("lam", [0.5, 5.0, 50.0, 100.0])
def test_is_equation_5(lam, batch_dice):
    logits, target, uncertainty = _draw()
    loss = UncertaintyWeightedLoss(_stock(batch_dice), lam)(logits, target, uncertainty)
    assert loss.item() == pytest.approx(_by_the_paper(logits, target, uncertainty, lam, batch_dice), rel=1e-5)


@pytest.mark.parametrize(("lam", "scale"), [(0.0, 1.0), (50.0, 0.0)])
def test_without_weight_value_and_gradient_are_nnunets_to_the_bit(lam, scale):
    logits, target, uncertainty = _draw()
    stock_logits, our_logits = (logits.clone().requires_grad_(True) for _ in range(2))
    stock = _stock()(stock_logits, target)
    ours = UncertaintyWeightedLoss(_stock(), lam)(our_logits, target, scale * uncertainty)
    stock.backward()
    ours.backward()
    assert torch.equal(stock, ours)
    assert torch.equal(stock_logits.grad, our_logits.grad)


def test_validation_gives_nnunets_loss():
    logits, target, _ = _draw()
    assert torch.equal(UncertaintyWeightedLoss(_stock(), 50.0)(logits, target), _stock()(logits, target))


def test_constant_uncertainty_scales_the_cross_entropy_and_leaves_the_dice():
    logits, target, _ = _draw()
    u = torch.full_like(target, 0.1, dtype=torch.float32)
    zero = torch.zeros_like(u)
    loss = UncertaintyWeightedLoss(_stock(), 20.0)
    cross_entropy = torch.nn.functional.cross_entropy(logits, target[:, 0])
    assert (loss(logits, target, u) - loss(logits, target, zero)).item() == pytest.approx(2 * cross_entropy.item(), rel=1e-4)


def test_ignored_voxels_have_no_say():
    logits, target, uncertainty = _draw()
    target[:, :, 0] = 9
    loss = UncertaintyWeightedLoss(_stock(ignore=9), 50.0)
    changed_logits, changed_uncertainty = logits.clone(), uncertainty.clone()
    changed_logits[:, :, 0] += torch.randn_like(changed_logits[:, :, 0])
    changed_uncertainty[:, :, 0] = 0.6
    assert torch.allclose(loss(logits, target, uncertainty), loss(changed_logits, target, changed_uncertainty), atol=1e-6)
    kept = loss(logits, target, uncertainty).item()
    cut = _by_the_paper(logits[:, :, 1:], target[:, :, 1:], uncertainty[:, :, 1:], 50.0, batch_dice=False)
    assert kept == pytest.approx(cut, rel=1e-5)


def test_all_voxels_ignored_is_finite():
    logits, target, uncertainty = _draw()
    loss = UncertaintyWeightedLoss(_stock(ignore=9), 50.0)(logits, torch.full_like(target, 9), uncertainty)
    assert torch.isfinite(loss)


def test_no_gradient_flows_into_the_uncertainty():
    logits, target, uncertainty = _draw()
    uncertainty.requires_grad_(True)
    UncertaintyWeightedLoss(_stock(), 50.0)(logits.requires_grad_(True), target, uncertainty).backward()
    assert uncertainty.grad is None


def test_negative_lambda_is_refused():
    with pytest.raises(ValueError, match="0 or more"):
        UncertaintyWeightedLoss(_stock(), -1.0)
