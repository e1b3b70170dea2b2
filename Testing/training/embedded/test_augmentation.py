"""Crops and augmentations keep image and labels together."""

import numpy as np
import pytest
import torch

from hemorrhage_training.embedded.augmentation import augment, crop


def _case(shape=(20, 60, 50)):
    rng = np.random.default_rng(0)
    labels = torch.zeros(shape, dtype=torch.int64)
    labels[12:15, 20:34, 18:30] = 2
    image = torch.from_numpy(rng.standard_normal(shape, dtype=np.float32)) * 0.05 + 5.0 * labels
    return image, labels


@pytest.mark.parametrize("size", [(8, 40, 40), (24, 64, 64), (20, 60, 50)])
def test_crop_has_the_size_and_keeps_voxels_aligned(size):
    image, labels = _case()
    for seed in range(20):
        cut, cut_labels = crop(image, labels, size, np.random.default_rng(seed))
        assert tuple(cut.shape) == tuple(cut_labels.shape) == size
        assert torch.equal(cut > 5, cut_labels > 0)


def test_a_crop_about_a_slice_holds_it():
    image, labels = _case((60, 60, 50))
    assert all(crop(image, labels, (4, 60, 50), np.random.default_rng(s), centre=13)[1].any() for s in range(100))


def test_augmentation_moves_labels_with_the_image():
    image, labels = _case()
    for seed in range(30):
        moved, moved_labels = augment(image, labels, np.random.default_rng(seed))
        assert moved.shape == image.shape
        bright = moved > (moved.max() + moved.min()) / 2
        overlap = 2 * (bright & (moved_labels > 0)).sum() / (bright.sum() + (moved_labels > 0).sum())
        assert overlap > 0.85


def test_augmentation_is_repeatable():
    image, labels = _case()
    first, again = (augment(image, labels, np.random.default_rng(7)) for _ in range(2))
    assert torch.equal(first[0], again[0])
    assert torch.equal(first[1], again[1])
