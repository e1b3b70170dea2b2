"""Test-time augmentation around SLEX-Net: three hypotheses for each copy, and what either contributes."""

import json

import numpy as np
import pytest
import SimpleITK
import torch

import hemorrhage
from harness.tiny_slexnet import random_slexnet
from hemorrhage.errors import ArgumentError
from hemorrhage.models import Model, ModelCard, write_slexnet_folder
from hemorrhage.slexnet import SlexNetSettings
from hemorrhage.writing.result_folder import check_result_folder

CLASSES = ["background", "IPH", "SDH"]
SETTINGS = SlexNetSettings(classes=CLASSES, channels=[4, 8, 8], image_size=64)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "slex"
    card = ModelCard(name="slex", title="Random", classes=CLASSES, intended_use="tests", license="Apache-2.0")
    write_slexnet_folder(path, card, random_slexnet(SETTINGS).state_dict(), SETTINGS)
    return Model(path)


@pytest.fixture(scope="module")
def result(model, phantom_ct):
    return hemorrhage.segment(phantom_ct, model=model, device="cpu", method="slex-tta", samples=2, keep_samples=True)


def test_three_hypotheses_for_each_copy(model, phantom_ct, result):
    found = [(each["sample"], each["expanded_from"]) for each in result.provenance["drawn"]]
    assert found == [(0, 0), (0, -1), (0, 1), (1, 0), (1, -1), (1, 1)]
    assert result.provenance["samples"] == 2
    assert len(result.volumes[-1].samples_ml) == len(result.samples) == 6
    assert "3 predictions for each of 2 copies, 5 random transforms each" in result.provenance["method_in_words"]


def test_copies_are_those_of_plain_augmentation(model, phantom_ct):
    network = model.network("cpu")
    (plain,) = model.sampler("tta", network=network).draw(phantom_ct, 1, 4)
    grouped = list(model.sampler("slex-tta", network=network).draw(phantom_ct, 1, 4))
    assert {sample.group for sample in grouped} == {0}
    assert all(sample.parameters["operators"] == plain.parameters["operators"] for sample in grouped)
    assert all(torch.equal(sample.valid, plain.valid) for sample in grouped)


def test_contributions_sum_to_the_whole(result):
    parts = result.parts
    assert parts.variance_expansion + parts.variance_transforms == pytest.approx(result.variance, abs=1e-6)
    assert 0 < parts.variance_share_of_expansion < 1
    assert 0 < parts.information_share_of_expansion < 1


def test_one_copy_has_expansion_only_and_equal_copies_too(model, phantom_ct):
    one = hemorrhage.segment(phantom_ct, model=model, device="cpu", method="slex-tta", samples=1)
    assert one.parts.variance_share_of_expansion == pytest.approx(1)
    untransformed = hemorrhage.segment(phantom_ct, model=model, device="cpu", method="slex-tta", samples=3, transforms=0)
    expansion = hemorrhage.segment(phantom_ct, model=model, device="cpu", method="slex", samples=3)
    assert np.array_equal(untransformed.probabilities, expansion.probabilities)
    assert untransformed.parts is None


def test_too_many_are_refused_before_anything_is_drawn(model, phantom_ct):
    with pytest.raises(ArgumentError, match="at most 3333"):
        hemorrhage.segment(phantom_ct, model=model, device="cpu", method="slex-tta", samples=3334)


def test_result_folder_holds_both_parts(result, phantom_ct, tmp_path):
    result.save(tmp_path / "out")
    check_result_folder(tmp_path / "out", overwrite=True)
    expansion, transforms, whole = (
        SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(tmp_path / "out" / f"{name}.nii.gz")))
        for name in ("variance_expansion", "variance_transforms", "variance")
    )
    assert expansion + transforms == pytest.approx(whole, abs=1e-6)
    record = json.loads((tmp_path / "out" / "result.json").read_text())
    assert record["uncertainty_parts"]["variance_share_of_expansion"] == result.parts.variance_share_of_expansion
    report = (tmp_path / "out" / "report.html").read_text()
    assert "arises from the expansion between slices" in report
    assert result.provenance["method_in_words"] in report
