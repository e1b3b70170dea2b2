"""An nnU-Net's folds as an ensemble, and its dropout where its architecture has it."""

import pytest
import torch

from harness.tiny_nnunet import random_weights, tiny_dataset, tiny_plans, write_stock_folder
from hemorrhage.errors import ArgumentError
from hemorrhage.method import stock_methods
from hemorrhage.models import load_model
from hemorrhage.models.method_details import method_details
from hemorrhage.nnunet import NNUNetNetwork
from hemorrhage.nnunet.network_plans import read_plans


@pytest.fixture(scope="module")
def plans():
    """Plans with dropout, at the phantom's spacing."""
    plans = tiny_plans(spacing=(8.0, 4.5, 4.5))
    arguments = plans["configurations"]["3d_fullres"]["architecture"]["arch_kwargs"]
    arguments |= {"dropout_op": "torch.nn.modules.dropout.Dropout3d", "dropout_op_kwargs": {"p": 0.3}}
    return plans


@pytest.fixture(scope="module")
def model(plans, tmp_path_factory):
    return load_model(write_stock_folder(tmp_path_factory.mktemp("stock") / "m", plans, folds=2, mirror_axes=(0, 1, 2)))


def test_stock_folder_offers_what_it_can_do(model):
    assert model.methods == ("tta", "deterministic", "ensemble", "dropout")
    costs = {each.name: each.passes_per_sample for each in method_details(model.folder, model.card)}
    assert costs == {"tta": 2, "deterministic": 16, "ensemble": 1, "dropout": 2}
    assert stock_methods(1) == ["tta", "deterministic"]


def test_folds_are_the_samples_of_an_ensemble(model, phantom_ct):
    network = model.network("cpu")
    sampler = model.sampler("ensemble", network=network)
    assert sampler.largest_count == 2
    first, second = sampler.draw(phantom_ct, 2, 0)
    logits = network.logits(network.prepare(phantom_ct).data[None])[0]
    assert (first.probabilities - second.probabilities).abs().max() > 0.01
    # nnU-Net averages logits: the geometric mean of the folds' probabilities, normalized.
    both = (first.probabilities.log() + second.probabilities.log()).div(2).softmax(0)
    assert torch.allclose(both, logits.softmax(0), atol=1e-2 if network.precision.value == "bfloat16" else 1e-4)


def test_dropout_samples_differ_and_repeat(plans, phantom_ct):
    from hemorrhage.sampling.monte_carlo_dropout import MonteCarloDropout

    dataset = tiny_dataset()
    weights = random_weights(plans, dataset, "3d_fullres", 0)
    network = NNUNetNetwork(read_plans(plans, dataset, "3d_fullres"), [weights], device="cpu")
    sampler = MonteCarloDropout(network)
    assert sampler.in_words(2) == "Monte-Carlo dropout, 2 passes, rate 0.3"
    one, two = sampler.draw(phantom_ct, 2, 0)
    (again,) = sampler.draw(phantom_ct, 1, 0)
    assert torch.equal(one.probabilities, again.probabilities)
    assert (one.probabilities - two.probabilities).abs().max() > 0.01


def test_without_dropout_there_is_none(tiny_model, phantom_ct):
    from hemorrhage.sampling.monte_carlo_dropout import MonteCarloDropout

    model = load_model(tiny_model)
    with pytest.raises(ArgumentError, match=r"does not offer the method 'dropout': choose one of tta .*; deterministic"):
        model.sampler("dropout", device="cpu")
    with pytest.raises(ArgumentError, match="trained without dropout"):
        MonteCarloDropout(model.network("cpu"))
