"""Dice and NLL of whole cases, by the conventions of the evaluation."""

import math

import numpy as np
import pytest
import torch

from hemorrhage_training.slices.slice_store import IGNORED
from hemorrhage_training.slices.validation_scores import CaseCounts


def _probabilities(labels, classes, certainty=0.8):
    one_hot = torch.nn.functional.one_hot(labels.where(labels != IGNORED, 0), classes).movedim(-1, 1).float()
    return one_hot * certainty + (1 - one_hot) * (1 - certainty) / (classes - 1)


def _case(seed, classes=3):
    rng = np.random.default_rng(seed)
    return torch.from_numpy(rng.integers(0, classes, (3, 4, 4))), torch.from_numpy(rng.integers(0, classes, (3, 4, 4)))


def test_dice_is_averaged_over_the_cases_that_have_the_class():
    counts, by_hand = CaseCounts(3, 4, torch.device("cpu")), []
    for number in range(3):
        predicted, reference = _case(number)  # class 3 occurs nowhere
        if number == 0:
            predicted[predicted == 2], reference[reference == 2] = 0, 0
        counts.add(number, _probabilities(predicted, 4), reference)
        by_hand.append(
            [
                2 * int(((predicted == c) & (reference == c)).sum()) / int((predicted == c).sum() + (reference == c).sum())
                if ((predicted == c) | (reference == c)).any()
                else math.nan
                for c in (1, 2, 3)
            ]
        )
    scores = counts.scores()
    expected = [np.mean([d[0] for d in by_hand]), np.mean([d[1] for d in by_hand[1:]])]
    assert scores.dice[:2] == pytest.approx(expected)
    assert math.isnan(scores.dice[2])
    assert scores.mean_dice == pytest.approx(np.mean(expected))


def test_nll_is_the_mean_over_cases_of_the_mean_over_known_pixels():
    counts = CaseCounts(2, 3, torch.device("cpu"))
    _, reference = _case(0)
    counts.add(0, _probabilities(reference, 3), reference)
    unknown = reference.clone()
    unknown[0] = IGNORED
    counts.add(1, _probabilities(reference, 3, 0.5), unknown)
    assert counts.scores().nll == pytest.approx(-(math.log(0.8) + math.log(0.5)) / 2)


def test_unknown_pixels_count_nowhere():
    counts = CaseCounts(1, 3, torch.device("cpu"))
    predicted, reference = torch.ones(1, 2, 2, dtype=torch.int64), torch.ones(1, 2, 2, dtype=torch.int64)
    reference[0, 0] = IGNORED
    predicted[0, 0] = 2
    counts.add(0, _probabilities(predicted, 3), reference)
    assert counts.scores().dice[0] == 1
    assert math.isnan(counts.scores().dice[1])


def test_processes_that_share_the_cases_come_to_the_figures_of_one():
    """One case is seen by both, as where they do not come out even."""
    alone, parts = CaseCounts(3, 3, torch.device("cpu")), [CaseCounts(3, 3, torch.device("cpu")) for _ in range(2)]
    for number in range(3):
        predicted, reference = _case(number)
        for counts in (alone, parts[number % 2], *([parts[1]] if number == 0 else [])):
            counts.add(number, _probabilities(predicted, 3), reference)
    parts[0].merge([torch.stack([p.overlaps for p in parts]), torch.stack([p.nll for p in parts])])
    assert parts[0].scores() == alone.scores()
