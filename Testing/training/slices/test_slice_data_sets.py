"""Slices with their neighbors, as the network gets them."""

import numpy as np
import torch

from hemorrhage.slices.preprocessing import normalized_slices
from hemorrhage_training.slices.augmentation import AugmentationSettings
from hemorrhage_training.slices.slice_data_sets import TrainingSlices, ValidationStacks
from hemorrhage_training.slices.slice_sampler import SliceDraw

STILL = AugmentationSettings(flips=False, rotation_degrees=0, scale=0, contrast=0)


def test_a_slice_lies_between_its_neighbors(prepared):
    case = prepared[1]
    stack = normalized_slices(torch.from_numpy(case.images().astype(np.float32)), 32)[:, 0]
    slices = TrainingSlices(prepared, 32, 2, STILL)
    images, labels = slices[SliceDraw(1, 5, (0,))]
    assert torch.equal(images, stack[3:8])
    assert labels.dtype == torch.int64
    _, whole, reference = ValidationStacks(prepared, 32)[1]
    assert torch.equal(whole[:, 0], stack)
    assert torch.equal(reference[3:8], labels)
    first, _ = slices[SliceDraw(1, 0, (0,))]
    assert torch.equal(first, stack[[0, 0, 0, 1, 2]])
    last, _ = slices[SliceDraw(1, case.slices - 1, (0,))]
    assert torch.equal(last, stack[[-3, -2, -1, -1, -1]])


def test_augmented_slices_are_normalized_and_repeat(prepared):
    slices = TrainingSlices(prepared, 32, 1, AugmentationSettings())
    images, labels = slices[SliceDraw(0, 6, (1, 2, 3))]
    again, labels_again = slices[SliceDraw(0, 6, (1, 2, 3))]
    other, _ = slices[SliceDraw(0, 6, (1, 2, 4))]
    assert torch.equal(images, again)
    assert torch.equal(labels, labels_again)
    assert not torch.equal(images, other)
    assert images.mean((1, 2)).abs().max() < 1e-5
    assert images.std((1, 2), correction=0).sub(1).abs().max() < 1e-4
