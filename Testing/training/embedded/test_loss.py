"""The loss against closed forms."""

import math

import numpy as np
import pytest
import torch

from hemorrhage_training.embedded.loss import SubtypeAndHemorrhageLoss


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
    assert loss == pytest.approx(
        math.log(6) + (1 - subtype) + (1 - hemorrhage) + 0.4 * math.log(5) + 0.05 * math.log(6 / 5), abs=1e-5
    )


def test_equals_a_plain_reading():
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn((2, 4, 3, 5, 6), generator=generator)
    labels = torch.randint(0, 3, (2, 1, 3, 5, 6), generator=generator)  # the fourth class is absent
    p, t = logits.double().softmax(1).numpy(), labels[:, 0].numpy()

    def dice(probability, true):
        return 2 * (probability * true).sum() / (probability.sum() + true.sum())

    subtypes = [dice(p[:, c], t == c) for c in (1, 2)]
    cross_entropy = -np.log(np.take_along_axis(p, t[:, None], axis=1)).mean()
    naming = -np.mean([np.log(p[:, c] / p[:, 1:].sum(1))[t == c].mean() for c in (1, 2)])
    finding = -np.mean([np.log(1 - p[:, 0])[t == c].mean() for c in (1, 2)])
    expected = cross_entropy + (1 - np.mean(subtypes)) + (1 - dice(1 - p[:, 0], t > 0)) + 0.4 * naming + 0.05 * finding
    assert SubtypeAndHemorrhageLoss(4)([logits], labels).item() == pytest.approx(expected, abs=1e-5)


def test_wrong_subtype_costs_less_than_a_missed_hemorrhage():
    labels = torch.full((1, 1, 2, 4, 4), 2)
    right, wrong, missed = (2.0 * torch.nn.functional.one_hot(torch.full((1, 2, 4, 4), c), 6).movedim(-1, 1) for c in (2, 5, 0))
    cost = SubtypeAndHemorrhageLoss(6)
    assert cost([right], labels) < cost([wrong], labels) < cost([missed], labels)


def test_hemorrhage_that_is_missed_with_certainty_still_has_a_gradient():
    labels = torch.zeros(1, 1, 2, 8, 8, dtype=torch.int64)
    labels[0, 0, 0, 0, :4] = 4
    logits = torch.zeros(1, 6, 2, 8, 8)
    logits[:, 0] = 12.0
    logits.requires_grad_(True)
    SubtypeAndHemorrhageLoss(6)([logits], labels).backward()
    assert logits.grad[0, 0, 0, 0, :4].sum() > 0.04  # background is pushed down


def test_scales_are_averaged():
    labels = torch.randint(0, 6, (1, 1, 4, 8, 8))
    logits = torch.randn(1, 6, 4, 8, 8)
    single, repeated = SubtypeAndHemorrhageLoss(6)([logits], labels), SubtypeAndHemorrhageLoss(6)([logits, logits], labels)
    assert single.item() == pytest.approx(repeated.item(), rel=1e-6)
