"""Slices and labels vary together."""

import numpy as np
import pytest
import torch

from hemorrhage_training.slices.augmentation import AugmentationSettings, SliceVariation, draw_variation, varied


def _disc(row, column, size=64, radius=6):
    at = torch.arange(size) - (size - 1) / 2
    return ((at[:, None] - row) ** 2 + (at[None] - column) ** 2 < radius**2)[None]


@pytest.mark.parametrize("degrees", [-10.0, 25.0])
def test_a_turn_moves_image_and_labels_to_the_same_place(degrees):
    """A disc at 20 pixels below the middle turns about the middle."""
    disc = _disc(20, 0)
    images, labels = varied(disc.float(), disc.to(torch.uint8), SliceVariation(degrees=degrees, scale=1.2))
    weights = labels[0].double() / labels.sum()
    at = torch.arange(64) - 31.5
    row, column = float((weights.sum(1) * at).sum()), float((weights.sum(0) * at).sum())
    assert np.hypot(row, column) == pytest.approx(1.2 * 20, abs=0.3)
    assert abs(np.degrees(np.arctan2(column, row))) == pytest.approx(abs(degrees), abs=1)
    assert int(labels.sum()) == pytest.approx(1.44 * int(disc.sum()), rel=0.06)
    assert ((images > 0.5) != (labels == 1)).float().mean() < 0.005


def test_flips_are_exact():
    images = torch.rand(3, 8, 8)
    flipped, labels = varied(images, (images > 0.5).to(torch.uint8), SliceVariation(flipped=(0, 2)))
    assert torch.equal(flipped, images.flip((0, 2)))
    assert torch.equal(labels == 1, flipped > 0.5)


def test_contrast_leaves_the_outside_alone():
    images = torch.tensor([[[0.0, 0.25], [0.5, 1.0]]])
    changed, _ = varied(images, torch.zeros(1, 2, 2, dtype=torch.uint8), SliceVariation(contrast=1.1))
    assert torch.allclose(changed, torch.tensor([[[0.0, 0.225], [0.5, 1.0]]]))


def test_draws_stay_within_the_settings_and_repeat():
    settings = AugmentationSettings(rotation_degrees=5, scale=0.2, contrast=0)
    drawn = [draw_variation(np.random.default_rng(seed), settings) for seed in range(200)]
    assert drawn == [draw_variation(np.random.default_rng(seed), settings) for seed in range(200)]
    assert 4 < max(abs(v.degrees) for v in drawn) <= 5
    assert 0.18 < max(abs(v.scale - 1) for v in drawn) <= 0.2
    assert {v.contrast for v in drawn} == {1.0}
    assert {axis for v in drawn for axis in v.flipped} == {0, 1, 2}
    nothing = draw_variation(np.random.default_rng(0), AugmentationSettings(flips=False, rotation_degrees=0, scale=0, contrast=0))
    assert nothing == SliceVariation()
