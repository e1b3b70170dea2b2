"""A SLEX-Net as a model folder, end to end with random weights."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

import hemorrhage
from harness.tiny_slexnet import random_slexnet
from hemorrhage.commands.app import app
from hemorrhage.errors import ArgumentError, Interrupted, ModelError
from hemorrhage.head_ct import HeadCT
from hemorrhage.models import Model, ModelCard, verify_model, write_slexnet_folder
from hemorrhage.slexnet import SlexNetSettings
from hemorrhage.slexnet.aggregation import aggregate
from hemorrhage.worker.resident_model import ModelKeeper

CLASSES = ["background", "IPH", "SDH"]
SETTINGS = SlexNetSettings(classes=CLASSES, channels=[4, 8, 8], image_size=64)


def card(**changes) -> ModelCard:
    content = {"name": "slex", "title": "Random", "classes": CLASSES, "intended_use": "tests", "license": "Apache-2.0"}
    return ModelCard.model_validate(content | changes)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("models") / "slex"
    write_slexnet_folder(path, card(), random_slexnet(SETTINGS).state_dict(), SETTINGS)
    return path


@pytest.fixture(scope="module")
def model(folder) -> Model:
    return Model(folder)


def test_folder_says_what_the_model_offers(folder, model):
    written = json.loads((folder / "model.json").read_text())
    assert written["method"] == "slexnet"
    assert model.methods == ("slex", "slex-tta", "tta", "deterministic")
    assert model.classes == tuple(CLASSES)
    assert verify_model(folder).sha256 == model.sha256


def test_three_hypotheses_on_the_grid_of_the_ct(model, phantom_ct):
    result = hemorrhage.segment(phantom_ct, model=model, device="cpu")
    assert result.provenance["method"] == "slex"
    assert result.provenance["samples"] == 3
    assert [each["expanded_from"] for each in result.provenance["drawn"]] == [0, -1, 1]
    assert result.labels.shape == phantom_ct.shape
    assert result.probabilities.sum(0) == pytest.approx(1, abs=1e-5)
    assert result.mutual_information.max() > 1e-3
    assert not any("samples" in warning for warning in result.warnings)


def test_more_samples_than_hypotheses_are_told(model, phantom_ct):
    result = hemorrhage.segment(phantom_ct, model=model, device="cpu", samples=20)
    assert result.provenance["samples"] == 3
    assert any("3 different samples" in warning for warning in result.warnings)


def test_posterior_mean_is_the_mean_of_the_hypotheses(model, phantom_ct):
    network = model.network("cpu")
    sampler = model.sampler("slex", network=network)
    samples = [each.probabilities for each in sampler.draw(phantom_ct, 3)]
    result = hemorrhage.segment(phantom_ct, model=model, device="cpu")
    assert result.probabilities == pytest.approx(
        sampler.grid(phantom_ct).to_ct(torch.stack(samples).mean(0), torch.tensor([1.0, 0, 0])).numpy(), abs=1e-5
    )


def test_equation_8_over_both_classes_and_as_printed(model, phantom_ct):
    result = hemorrhage.segment(phantom_ct, model=model, device="cpu")
    q = np.clip(result.probabilities.astype(np.float64), 1e-12, 1)
    assert result.entropy == pytest.approx(-(q * np.log(q)).sum(0) / np.log(len(CLASSES)), abs=1e-4)
    p = np.clip(q[1:].sum(0), 1e-12, 1)
    assert result.foreground_entropy() == pytest.approx(-p * np.log(p), abs=1e-5)


def test_deterministic_is_the_aggregated_prediction(model, phantom_ct):
    network = model.network("cpu")
    own, *expanded = (each.transpose(0, 1) for each in network.hypotheses(network.prepare(phantom_ct).data))
    (sample,) = model.sampler("deterministic", network=network).draw(phantom_ct, 1, 0)
    assert torch.allclose(sample.probabilities.transpose(0, 1), aggregate(own, expanded, SETTINGS), atol=1e-6)


def test_transforms_around_it(model, phantom_ct):
    """Monte-Carlo TTA transforms the prepared slices and aggregates; without transforms it is the aggregated prediction."""
    first, again = (hemorrhage.segment(phantom_ct, model=model, device="cpu", method="tta", samples=2) for _ in range(2))
    assert np.array_equal(first.probabilities, again.probabilities)
    assert first.variance.max() > 1e-3
    plain = hemorrhage.segment(phantom_ct, model=model, device="cpu", method="tta", samples=1, transforms=0)
    single = hemorrhage.segment(phantom_ct, model=model, device="cpu", method="deterministic", samples=1)
    assert np.array_equal(plain.probabilities, single.probabilities)


def test_slices_in_reverse_give_the_result_in_reverse(model, phantom_ct):
    affine = phantom_ct.affine.copy()
    affine[:, 3] += affine[:, 0] * (phantom_ct.shape[0] - 1)
    affine[:, 0] *= -1
    turned = hemorrhage.segment(HeadCT(phantom_ct.hu[::-1], affine), model=model, device="cpu")
    plain = hemorrhage.segment(phantom_ct, model=model, device="cpu")
    assert turned.probabilities[:, ::-1] == pytest.approx(plain.probabilities, abs=1e-4)


def test_batches_do_not_change_the_result(model, phantom_ct):
    network = model.network("cpu")
    data = network.prepare(phantom_ct).data
    weights = random_slexnet(SETTINGS).state_dict()
    one = type(network)(SETTINGS, weights, device="cpu", precision=network.precision, batch=1)
    many = type(network)(SETTINGS, weights, device="cpu", precision=network.precision, batch=50)
    for a, b in zip(one.hypotheses(data), many.hypotheses(data), strict=True):
        assert torch.allclose(a, b, atol=2e-2 if network.precision.value == "bfloat16" else 1e-5)


def test_stops_when_asked(model, phantom_ct):
    network = model.network("cpu", should_stop=lambda: True)
    with pytest.raises(Interrupted):
        network.hypotheses(network.prepare(phantom_ct).data)


def test_more_samples_than_hypotheses_are_refused(model, phantom_ct):
    with pytest.raises(ArgumentError, match="3 hypotheses"):
        next(iter(model.sampler("slex", device="cpu").draw(phantom_ct, 4)))


def test_command_line(folder, phantom_file, tmp_path):
    out = tmp_path / "out"
    command = ["segment", str(phantom_file), "-o", str(out), "--model", str(folder), "--method", "slex", "--device", "cpu"]
    done = CliRunner().invoke(app, [*command, "--progress", "none"])
    assert done.exit_code == 0, done.output
    assert json.loads((out / "result.json").read_text())["provenance"]["method"] == "slex"


def test_kept_between_runs_of_the_worker(folder):
    keeper = ModelKeeper()
    network = keeper.open(str(folder)).network("cpu")
    assert keeper.open(str(folder)).network("cpu") is network


def test_nnunet_does_not_offer_it(tiny_model, phantom_ct):
    with pytest.raises(ArgumentError, match="does not offer the method 'slex'"):
        hemorrhage.segment(phantom_ct, model=tiny_model, device="cpu", method="slex")
    with pytest.raises(ValueError, match="needs a SLEX-Net"):
        card(methods=["slex"])


@pytest.mark.parametrize(
    ("file", "change", "message"),
    [
        ("slexnet.json", {"beta": 2}, "altered or damaged"),
        ("model.json", {"classes": ["background", "SDH", "IPH"]}, "contradicts itself"),
        ("model.json", {"weights": ["a.bin", "b.bin"], "files": None}, "gives no hash"),
    ],
)
def test_damaged_folders_are_refused(folder, tmp_path, file, change, message):
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    content = json.loads((tmp_path / file).read_text())
    content.update({key: value for key, value in change.items() if value is not None})
    if "files" in change:
        content["files"] = {"a.bin": "0" * 64, "b.bin": "0" * 64}
    (tmp_path / file).write_text(json.dumps(content))
    with pytest.raises(ModelError, match=message):
        Model(tmp_path)


def test_weights_of_another_size_are_refused(tmp_path):
    smaller = SlexNetSettings(classes=CLASSES, channels=[2, 4, 4], image_size=64)
    write_slexnet_folder(tmp_path / "slex", card(), random_slexnet(smaller).state_dict(), SETTINGS)
    with pytest.raises(ModelError, match="do not fit"):
        Model(tmp_path / "slex").network("cpu")
