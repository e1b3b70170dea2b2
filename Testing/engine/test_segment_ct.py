"""From a CT to a result: arguments, determinism, progress, stopping, provenance."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import hemorrhage
from hemorrhage.errors import ArgumentError, Interrupted, ModelError, NotACTError, NotAVolumeError, UnreadableInputError
from hemorrhage.head_ct import HeadCT
from hemorrhage.progress import Progress, Stage
from hemorrhage.segmentation import Segmentation

MAPS = ("labels", "probabilities", "variance", "class_variance", "entropy", "expected_entropy", "mutual_information", "votes")


@pytest.fixture(scope="module")
def segmentation(phantom_ct: HeadCT, tiny_model: Path) -> Segmentation:
    return hemorrhage.segment(phantom_ct, tiny_model, samples=3, device="cpu", seed=5)


def test_everything_is_on_the_ct_grid(segmentation, phantom_ct):
    for name in MAPS:
        assert getattr(segmentation, name).shape[-3:] == phantom_ct.shape, name
    assert segmentation.labels.any()
    assert segmentation.variance.max() > 0
    assert [each.name for each in segmentation.volumes] == ["IPH", "SDH", "total"]
    assert all(len(each.samples_ml) == 3 for each in segmentation.volumes)


def test_volume_is_the_count_of_labels(segmentation, phantom_ct):
    expected = np.count_nonzero(segmentation.labels) * 8.0 * 4.5 * 4.5 / 1000
    assert segmentation.total_ml == pytest.approx(expected, rel=1e-6)


def test_same_seed_same_bits(segmentation, phantom_ct, tiny_model):
    again = hemorrhage.segment(phantom_ct, tiny_model, samples=3, device="cpu", seed=5)
    for name in MAPS:
        np.testing.assert_array_equal(getattr(again, name), getattr(segmentation, name), err_msg=name)
    assert again.volumes == segmentation.volumes
    assert again.lesions == segmentation.lesions
    assert again.places == segmentation.places


def test_other_seed_other_samples(segmentation, phantom_ct, tiny_model):
    other = hemorrhage.segment(phantom_ct, tiny_model, samples=3, device="cpu", seed=6)
    assert not np.array_equal(other.probabilities, segmentation.probabilities)


def test_fewer_samples_are_the_first_ones(segmentation, phantom_ct, tiny_model):
    fewer = hemorrhage.segment(phantom_ct, tiny_model, samples=2, device="cpu", seed=5)
    assert fewer.provenance["drawn"] == segmentation.provenance["drawn"][:2]
    for few, many in zip(fewer.volumes, segmentation.volumes, strict=True):
        assert few.samples_ml == many.samples_ml[:2]


def test_path_simpleitk_and_array_give_the_same(segmentation, phantom_file, phantom_ct, tiny_model):
    import SimpleITK

    options = {"samples": 3, "device": "cpu", "seed": 5}
    for given in (str(phantom_file), phantom_file, SimpleITK.ReadImage(str(phantom_file))):
        result = hemorrhage.segment(given, str(tiny_model), **options)
        np.testing.assert_array_equal(result.labels, segmentation.labels)


def test_provenance_says_what_was_done(segmentation, tiny_model):
    provenance = segmentation.provenance
    json.dumps(provenance)
    assert provenance["model"]["sha256"] == hemorrhage.load_model(tiny_model).sha256
    assert (provenance["method"], provenance["samples"], provenance["transforms"], provenance["seed"]) == ("tta", 3, 5, 5)
    assert (provenance["device"], provenance["precision"]) in {("cpu", "float32"), ("cpu", "bfloat16")}
    assert provenance["preset"] in {"paper", "anisotropic"}
    assert provenance["versions"]["hemorrhage-uncertainty"] == hemorrhage.__version__
    assert len(provenance["drawn"]) == 3
    assert provenance["seconds"]["sampling"] > 0


def test_preset_can_be_chosen(phantom_ct, tiny_model):
    result = hemorrhage.segment(phantom_ct, tiny_model, samples=1, device="cpu", preset="paper")
    assert result.provenance["preset"] == "paper"


@pytest.mark.parametrize("options", [{"method": "deterministic"}, {"transforms": 0}])
def test_nothing_random_is_one_sample(phantom_ct, tiny_model, options):
    result = hemorrhage.segment(phantom_ct, tiny_model, device="cpu", **options)
    assert result.provenance["samples"] == 1
    assert result.variance.max() == 0
    assert any("1 sample was drawn instead of 20" in warning for warning in result.warnings)


def test_progress_names_every_stage_and_sample(phantom_ct, tiny_model):
    seen: list[Progress] = []
    hemorrhage.segment(phantom_ct, tiny_model, samples=2, device="cpu", progress=seen.append)
    stages = list(dict.fromkeys(each.stage for each in seen))
    assert stages == [Stage.READING, Stage.LOADING_MODEL, Stage.PREPROCESSING, Stage.SAMPLING, Stage.SUMMARIZING]
    assert [(p.done, p.total) for p in seen if p.stage is Stage.SAMPLING] == [(0, 2), (1, 2), (2, 2)]


@pytest.mark.parametrize("asked", [1, 4, 7])
def test_stops_whenever_it_is_asked(phantom_ct, tiny_model, asked):
    """Wherever the question is answered with yes: before anything, before sampling, between windows."""
    calls = iter(range(10_000))
    with pytest.raises(Interrupted):
        hemorrhage.segment(phantom_ct, tiny_model, samples=50, device="cpu", should_stop=lambda: next(calls) >= asked)
    assert next(calls) < asked + 5


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"samples": 0}, "samples must be 1 or more"),
        ({"samples": 2.5}, "samples must be a whole number"),
        ({"samples": True}, "samples must be a whole number"),
        ({"samples": 100_000}, "at most"),
        ({"transforms": -1}, "transforms must be 0 or more"),
        ({"seed": -1}, "seed must be 0 or more"),
        ({"device": "tpu"}, "device 'tpu' is unknown"),
        ({"method": "magic"}, "does not offer the method .magic."),
        ({"preset": "wild"}, "paper, anisotropic"),
    ],
)
def test_bad_arguments_are_named(phantom_ct, tiny_model, options, says):
    with pytest.raises(ArgumentError, match=says):
        hemorrhage.segment(phantom_ct, tiny_model, **options)


def test_bad_input_is_named(phantom_ct, tiny_model, tmp_path):
    with pytest.raises(UnreadableInputError):
        hemorrhage.segment(tmp_path / "missing.nii.gz", tiny_model)
    with pytest.raises(NotAVolumeError, match="ndarray"):
        hemorrhage.segment(phantom_ct.hu, tiny_model)
    with pytest.raises(NotACTError):
        hemorrhage.segment(HeadCT(phantom_ct.hu / 1000, phantom_ct.affine), tiny_model)
    broken = phantom_ct.hu.copy()
    broken[3, 4, 5] = np.nan
    with pytest.raises(NotACTError, match="NaN"):
        hemorrhage.segment(HeadCT(broken, phantom_ct.affine), tiny_model)
    with pytest.raises(ModelError):
        hemorrhage.segment(phantom_ct, tmp_path)


def test_a_model_for_the_inside_of_the_skull_says_where_it_found_none(phantom_ct, tiny_model, tmp_path):
    inside = tmp_path / "inside"
    shutil.copytree(tiny_model, inside)
    card = json.loads((inside / "model.json").read_text())
    (inside / "model.json").write_text(json.dumps(card | {"region": "intracranial"}))
    neck = HeadCT(phantom_ct.hu[:4].copy(), phantom_ct.affine)
    assert any("no inside of a skull" in note for note in hemorrhage.segment(neck, inside, samples=1, device="cpu").warnings)
    assert not any("skull" in note for note in hemorrhage.segment(phantom_ct, inside, samples=1, device="cpu").warnings)
