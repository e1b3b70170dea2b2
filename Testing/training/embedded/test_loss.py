"""The loss against closed forms."""

import math

import pytest
import torch

from hemorrhage_training.embedded.loss import SubtypeAndHemorrhageLoss, soft_dice


def test_perfect_prediction_costs_nothing():
    labels = torch.randint(0, 6, (1, 1, 4, 8, 8))
    logits = 60.0 * torch.nn.functional.one_hot(labels[:, 0], 6).movedim(-1, 1)
    assert SubtypeAndHemorrhageLoss(6)([logits], labels).item() == pytest.approx(0, abs=1e-3)


def test_uniform_prediction_without_hemorrhage_costs_log_classes():
    labels = torch.zeros(1, 1, 2, 4, 4, dtype=torch.int64)
    loss = SubtypeAndHemorrhageLoss(6)([torch.zeros(1, 6, 2, 4, 4)], labels).item()
    assert loss == pytest.approx(math.log(6), abs=1e-5)  # absent subtypes have no Dice


def test_uniform_prediction_of_one_subtype_everywhere_in_closed_form():
    labels = torch.full((1, 1, 2, 4, 4), 3)
    loss = SubtypeAndHemorrhageLoss(6)([torch.zeros(1, 6, 2, 4, 4)], labels).item()
    subtype, hemorrhage = 2 * (1 / 6) / (1 + 1 / 6), 2 * (5 / 6) / (1 + 5 / 6)
    assert loss == pytest.approx(math.log(6) + (1 - subtype) + (1 - hemorrhage), abs=1e-5)


def test_soft_dice_equals_monai():
    from monai.losses import DiceLoss

    probability = torch.rand(2, 3, 4, 5, 6)
    target = (torch.rand(2, 3, 4, 5, 6) > 0.5).float()
    independent = DiceLoss(batch=True, reduction="none", smooth_nr=0, smooth_dr=1e-5)(probability, target).flatten()
    assert torch.allclose(1 - soft_dice(probability, target), independent, atol=1e-6)


def test_wrong_subtype_costs_less_than_a_missed_hemorrhage():
    labels = torch.full((1, 1, 2, 4, 4), 2)
    right, wrong, missed = (40.0 * torch.nn.functional.one_hot(torch.full((1, 2, 4, 4), c), 6).movedim(-1, 1) for c in (2, 5, 0))
    cost = SubtypeAndHemorrhageLoss(6)
    assert cost([right], labels) < cost([wrong], labels) < cost([missed], labels)


def test_scales_are_averaged():
    labels = torch.randint(0, 6, (1, 1, 4, 8, 8))
    logits = torch.randn(1, 6, 4, 8, 8)
    single, repeated = SubtypeAndHemorrhageLoss(6)([logits], labels), SubtypeAndHemorrhageLoss(6)([logits, logits], labels)
    assert single.item() == pytest.approx(repeated.item(), rel=1e-6)
