"""A U-Net for slices as a model folder: Monte-Carlo dropout and batch normalization, and ensembles, end to end."""

import itertools
import json

import numpy as np
import pytest
import torch

import hemorrhage
from harness.tiny_slicenet import random_batches, random_slice_net
from hemorrhage.errors import ArgumentError, ModelError
from hemorrhage.models import Model, ModelCard, verify_model, write_slicenet_folder
from hemorrhage.slicenet import SliceNetSettings
from hemorrhage.slicenet.batch_statistics import record_batch_statistics

CLASSES = ["background", "IPH", "SDH"]
SETTINGS = SliceNetSettings(classes=CLASSES, channels=[4, 8, 8], image_size=64, dropout=0.2)
WITHOUT_DROPOUT = SETTINGS.model_copy(update={"dropout": 0.0})


def card(**changes) -> ModelCard:
    content = {"name": "slices", "title": "Random", "classes": CLASSES, "intended_use": "tests", "license": "Apache-2.0"}
    return ModelCard.model_validate(content | changes)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """One network with dropout and recorded batches."""
    path, network = tmp_path_factory.mktemp("models") / "slices", random_slice_net(SETTINGS)
    statistics = record_batch_statistics(network, random_batches(SETTINGS, 4))
    write_slicenet_folder(path, card(), network.state_dict(), SETTINGS, statistics)
    return path


@pytest.fixture(scope="module")
def model(folder):
    return Model(folder)


@pytest.fixture(scope="module")
def ensemble(tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "ensemble"
    weights = [random_slice_net(WITHOUT_DROPOUT, seed).state_dict() for seed in range(3)]
    write_slicenet_folder(path, card(), weights, WITHOUT_DROPOUT)
    return Model(path)


def drawn(model, method, ct, count, seed=0):
    sampler = model.sampler(method, network=model.network("cpu"))
    return list(sampler.draw(ct, count, seed))


def test_folder_says_what_the_model_offers(folder, model, ensemble, tmp_path):
    assert json.loads((folder / "model.json").read_text())["method"] == "slicenet"
    assert model.methods == ("dropout", "mcbn", "tta", "deterministic")
    assert ensemble.methods == ("ensemble", "tta", "deterministic")
    write_slicenet_folder(tmp_path / "plain", card(), random_slice_net(WITHOUT_DROPOUT).state_dict(), WITHOUT_DROPOUT)
    assert Model(tmp_path / "plain").methods == ("tta", "deterministic")
    assert verify_model(folder).sha256 == model.sha256


@pytest.mark.parametrize("method", ["dropout", "mcbn"])
def test_samples_repeat_and_do_not_depend_on_their_number(model, phantom_ct, method):
    two, three = drawn(model, method, phantom_ct, 2), drawn(model, method, phantom_ct, 3)
    for a, b in zip(two, three, strict=False):
        assert torch.equal(a.probabilities, b.probabilities)
        assert a.parameters == b.parameters
    for a, b in itertools.combinations(three, 2):
        assert (a.probabilities - b.probabilities).abs().max() > 1e-2
    assert not torch.equal(drawn(model, method, phantom_ct, 1, seed=3)[0].probabilities, two[0].probabilities)


def test_batches_do_not_change_a_sample(folder, phantom_ct):
    from hemorrhage.models.model_folder import read_safetensors
    from hemorrhage.sampling.monte_carlo_dropout import MonteCarloDropout
    from hemorrhage.slicenet.slice_network import SliceNetwork

    weights = [read_safetensors(folder / "weights.safetensors")]
    one, many = (SliceNetwork(SETTINGS, weights, device="cpu", batch=batch) for batch in (1, 50))
    (a,), (b,) = (MonteCarloDropout(network).draw(phantom_ct, 1, 0) for network in (one, many))
    assert torch.allclose(a.probabilities, b.probabilities, atol=2e-2 if one.precision.value == "bfloat16" else 1e-5)


def test_every_batch_is_used_once(model, phantom_ct):
    samples = drawn(model, "mcbn", phantom_ct, 4)
    assert sorted(sample.parameters["batch"] for sample in samples) == [0, 1, 2, 3]
    with pytest.raises(ArgumentError, match="4 batches"):
        drawn(model, "mcbn", phantom_ct, 5)


def test_members_are_the_samples_of_an_ensemble(ensemble, phantom_ct):
    samples = drawn(ensemble, "ensemble", phantom_ct, 3)
    (single,) = drawn(ensemble, "deterministic", phantom_ct, 1)
    mean = torch.stack([sample.probabilities for sample in samples]).mean(0)
    assert torch.allclose(single.probabilities, mean, atol=1e-5)
    assert (samples[0].probabilities - samples[2].probabilities).abs().max() > 0.1
    with pytest.raises(ArgumentError, match="at most 3"):
        drawn(ensemble, "ensemble", phantom_ct, 4)


@pytest.mark.parametrize(
    ("method", "samples", "words"),
    [
        ("dropout", 2, "Monte-Carlo dropout, 2 passes, rate 0.2"),
        ("mcbn", 3, "Monte-Carlo batch normalization, 3 passes, 4 recorded training batches"),
        ("tta", 1, "Monte-Carlo test-time augmentation, 1 sample, 5 random transforms each"),
        ("deterministic", 1, "Single prediction, 1 pass"),
    ],
)
def test_result_names_the_method_in_words(model, phantom_ct, method, samples, words):
    result = hemorrhage.segment(phantom_ct, model=model, device="cpu", method=method, samples=samples)
    assert result.provenance["method"] == method
    assert result.provenance["method_in_words"] == words
    assert (result.variance.max() > 1e-3) == (samples > 1)
    assert result.probabilities.sum(0) == pytest.approx(1, abs=1e-5)


def test_fewer_members_than_samples_are_told(ensemble, phantom_ct):
    result = hemorrhage.segment(phantom_ct, model=ensemble, device="cpu", samples=20)
    assert result.provenance["samples"] == 3
    assert any("3 different samples" in warning for warning in result.warnings)
    again = hemorrhage.segment(phantom_ct, model=ensemble, device="cpu", samples=3, seed=9)
    assert np.array_equal(result.probabilities, again.probabilities)


def test_wrong_folders_are_refused(folder, tmp_path):
    statistics = record_batch_statistics(random_slice_net(SETTINGS), random_batches(SETTINGS, 1))
    weights = random_slice_net(SETTINGS).state_dict()
    with pytest.raises(ModelError, match="one network"):
        write_slicenet_folder(tmp_path / "a", card(), [weights, weights], SETTINGS, statistics)
    with pytest.raises(ModelError, match="names the classes"):
        write_slicenet_folder(tmp_path / "b", card(classes=["background", "blood"]), weights, SETTINGS)
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    content = json.loads((tmp_path / "model.json").read_text())
    del content["files"]["batch_statistics.safetensors"]
    (tmp_path / "model.json").write_text(json.dumps(content))
    with pytest.raises(ModelError, match="offers 'mcbn', which this model cannot do"):
        Model(tmp_path)
    with pytest.raises(ValueError, match="several files of weights"):
        card(methods=["ensemble"])
