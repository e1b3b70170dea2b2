"""The loss against closed forms."""

import math

import pytest
import torch

from hemorrhage_training.embedded.loss import SubtypeAndHemorrhageLoss


def test_perfect_prediction_costs_nothing():
    labels = torch.randint(0, 6, (1, 1, 4, 8, 8))
    logits = 60.0 * torch.nn.functional.one_hot(labels[:, 0], 6).movedim(-1, 1)
    assert SubtypeAndHemorrhageLoss(6)([logits], labels).item() == pytest.approx(0, abs=1e-3)


def test_uniform_prediction_without_hemorrhage_costs_log_classes_of_cross_entropy():
    labels = torch.zeros(1, 1, 2, 4, 4, dtype=torch.int64)
    loss = SubtypeAndHemorrhageLoss(6)([torch.zeros(1, 6, 2, 4, 4)], labels).item()
    assert loss == pytest.approx(math.log(6) + 1 + 1, abs=1e-3)  # both Dice terms are 1: predicted, but absent


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
