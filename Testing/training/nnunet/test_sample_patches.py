"""Validation patches for the report: the right ones, and the training does not notice."""

import matplotlib
import numpy as np
import pytest
import torch

from harness.tiny_nnunet import tiny_dataset, tiny_plans
from harness.tiny_nnunet_training import tiny_trainer
from hemorrhage_training.nnunet.sample_figure import sample_figure
from hemorrhage_training.nnunet.sample_patches import sample_patches
from hemorrhage_training.nnunet.trainer import nnUNetTrainerUncertaintyAware
from hemorrhage_training.training_report import png_of


@pytest.fixture
def trainer(tiny_base):
    torch.manual_seed(0)
    made = tiny_trainer(nnUNetTrainerUncertaintyAware, tiny_base, lam=50)
    made.initialize()
    made.network.train()
    return made


def test_the_slice_with_most_hemorrhage_of_each_validation_case(trainer):
    (patch,) = sample_patches(trainer)  # the tiny data set has one validation case
    dataset = trainer.dataset_class(trainer.preprocessed_dataset_folder, [patch.case])
    data, labels, _, _ = dataset.load_case(patch.case)
    reference = np.asarray(labels[0])
    assert patch.slice_number == (reference > 0).sum(axis=(1, 2)).argmax()
    assert patch.reference.shape == patch.prediction.shape == patch.ct.shape == (32, 32)
    rows = np.lib.stride_tricks.sliding_window_view(reference[patch.slice_number], (32, 32))
    assert (rows == patch.reference).all(axis=(2, 3)).any()
    assert 0 < patch.uncertainty.max() <= 2 / 3
    assert patch.is_hu
    hu = patch.ct[patch.reference == 0]
    assert 25 < hu.mean() < 45  # the tiny heads have 35 HU
    assert patch.spacing == (1.0, 1.0)
    assert np.asarray(data[:]).ndim == 4


def test_the_training_does_not_notice(trainer):
    weights = [p.clone() for p in trainer.network.parameters()]
    states = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002 (the generator that nnU-Net draws from)
    first, second = (next(iter(sample_patches(trainer))) for _ in range(2))
    assert np.array_equal(first.uncertainty, second.uncertainty)
    assert torch.equal(torch.get_rng_state(), states[0])
    assert np.array_equal(np.random.get_state()[1], states[1])  # noqa: NPY002
    assert all(torch.equal(a, b) for a, b in zip(weights, trainer.network.parameters(), strict=True))
    assert trainer.network.training
    assert all(p.grad is None for p in trainer.network.parameters())


def test_flat_patches(tiny_base):
    plans = tiny_plans("2d", (32, 32), (1.0, 1.0))
    plans["configurations"]["2d"]["data_identifier"] = "nnUNetPlans_3d_fullres"
    made = nnUNetTrainerUncertaintyAware(
        {**plans, "continue_training": False}, "2d", 0, {**tiny_dataset(), "numTraining": 5}, device=torch.device("cpu")
    )
    made.initialize()
    (patch,) = sample_patches(made)
    assert patch.prediction.shape == (32, 32)
    assert (patch.reference > 0).any()


def test_the_picture_names_the_classes_that_are_seen(trainer):
    patches = list(sample_patches(trainer))
    with matplotlib.rc_context({"font.size": 40}):  # nnU-Net's own plots leave large fonts behind
        figure = sample_figure(patches, {"IPH": 1, "SDH": 2, "never seen": 9})
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["IPH", "SDH"]
    assert patches[0].case in figure.axes[0].get_title()
    assert figure.axes[0].title.get_fontsize() < 20
    assert png_of(figure).startswith(b"\x89PNG")
