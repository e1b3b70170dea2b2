"""What nnU-Net would stumble over after hours, or not notice at all, is said before it begins."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from harness.data_set_trees import AFFINE, bleeding_head, load, save
from harness.tiny_nnunet import tiny_plans
from hemorrhage.errors import ArgumentError, ResourceError
from hemorrhage_training.nnunet.nnunet_failure import said_in_a_sentence
from hemorrhage_training.nnunet.preparation import prepare
from hemorrhage_training.nnunet.raw_data_set import check_cases, open_raw_data_set
from hemorrhage_training.nnunet.run_training import run_training
from hemorrhage_training.nnunet.train_config import NnunetTrainConfig

NAMES = [f"case_{k}" for k in range(5)]
DATASET = {
    "channel_names": {"0": "CT"},
    "labels": {"background": 0, "IPH": 1, "SDH": 2},
    "file_ending": ".nii.gz",
    "numTraining": 5,
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("räw data") / "Dataset001_Heads"
    for seed, name in enumerate(NAMES):
        head = bleeding_head(("IPH", "SDH"), seed)
        save(folder / f"imagesTr/{name}_0000.nii.gz", head.hu.astype(np.int16))
        save(folder / f"labelsTr/{name}.nii.gz", np.array([0, 0, 1, 0, 0, 2], np.uint8)[head.labels])
    describe(folder)
    return folder


@pytest.fixture
def raw(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / made.name))


def describe(folder: Path, **changes: object) -> None:
    (folder / "dataset.json").write_text(json.dumps({**DATASET, **changes}))


def folds(folder: Path, *validation: str) -> None:
    splits = [{"train": [name for name in NAMES if name != val], "val": [val]} for val in validation]
    (folder / "splits_final.json").write_text(json.dumps(splits))


def ct(folder: Path) -> Path:
    return folder / "imagesTr/case_1_0000.nii.gz"


def labels(folder: Path) -> Path:
    return folder / "labelsTr/case_1.nii.gz"


def moved(folder: Path) -> None:
    affine = AFFINE.copy()
    affine[0, 3] += 4.5
    save(labels(folder), load(labels(folder)), affine)


def with_label_3(folder: Path) -> None:
    changed = load(labels(folder))
    changed[10, 20, 20] = 3
    save(labels(folder), changed)


def a_bit_flipped_in_the_ct(folder: Path) -> None:
    content = bytearray(ct(folder).read_bytes())
    content[-6] ^= 1  # in the checksum: what was unpacked is not what was packed
    ct(folder).write_bytes(bytes(content))


def test_whole_cases_pass(raw):
    check_cases(open_raw_data_set(raw, 0))


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda f: ct(f).write_bytes(ct(f).read_bytes()[:-2000]), "case_1_0000.nii.gz is .*truncated or corrupt"),
        (a_bit_flipped_in_the_ct, "case_1_0000.nii.gz is truncated or corrupt"),
        (lambda f: ct(f).write_bytes(b"a web page"), "case_1_0000.nii.gz is .*truncated or corrupt"),
        (lambda f: labels(f).write_bytes(labels(f).read_bytes()[:-100]), "case_1.nii.gz is .*truncated or corrupt"),
        (with_label_3, "case_1.nii.gz holds the value 3"),
        (moved, "CT and labels of case_1 do not lie on the same grid"),
    ],
)
def test_a_case_that_nnunet_would_train_with_all_the_same_is_named(raw, damage: Callable[[Path], None], sentence):
    damage(raw)
    opened = open_raw_data_set(raw, 0)
    with pytest.raises(ArgumentError, match=f"{sentence}.*Mend or remove"):
        check_cases(opened)


def test_the_other_bad_cases_are_counted(raw):
    for name in ("case_0", "case_3"):
        (raw / f"labelsTr/{name}.nii.gz").write_bytes(b"")
    with pytest.raises(ArgumentError, match=r"case_0.*; 1 more cases"):
        check_cases(open_raw_data_set(raw, 0))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda f: describe(f, labels={"background": 0, "any": [1, 2]}), "one whole number per class"),
        (lambda f: describe(f, channel_names={"0": "CT", "1": "bone"}), "2 channels"),
        (lambda f: describe(f, file_ending=None), "lacks channel_names or file_ending"),
        (lambda f: describe(f, file_ending=".nrrd"), "does not end with .nrrd"),
        (lambda f: labels(f).unlink(), "case_1_0000.nii.gz has no labels"),
        (lambda f: ct(f).unlink(), "no CT called case_1_0000"),
        (lambda f: shutil.rmtree(f / "imagesTr"), "needs imagesTr and labelsTr"),
    ],
)
def test_what_nnunet_cannot_take_is_refused(raw, change: Callable[[Path], None], sentence):
    change(raw)
    with pytest.raises(ArgumentError, match=sentence):
        open_raw_data_set(raw, 0)


def test_a_fold_that_there_is_not_is_refused(raw):
    """nnU-Net would draw one at random, by case, and say so in its log only."""
    for fold in (5, -1):
        with pytest.raises(ArgumentError, match=f"no fold {fold}.*0 to 4"):
            open_raw_data_set(raw, fold)
    folds(raw, "case_0", "case_1")
    with pytest.raises(ArgumentError, match=r"no fold 2.*0 to 1"):
        open_raw_data_set(raw, 2)
    assert len(open_raw_data_set(raw, "all").cases) == 5
    (raw / "splits_final.json").unlink()
    ct(raw).unlink()
    labels(raw).unlink()
    with pytest.raises(ArgumentError, match="4 cases, too few for five folds"):
        open_raw_data_set(raw, 0)


@pytest.fixture(scope="module")
def prepared(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A work folder, a data set with folds, and what nnU-Net made of it."""
    root = tmp_path_factory.mktemp("prepared")
    shutil.copytree(made, root / made.name)
    folds(root / made.name, "case_0", "case_1")
    (root / "plans.json").write_text(json.dumps({**tiny_plans(spacing=(8.0, 4.5, 4.5)), "plans_name": "tinyPlans"}))
    said: list[str] = []
    before = dict(os.environ)
    prepare(config(root), said.append)
    assert any("5 cases of Dataset001_Heads are checked" in each for each in said)
    os.environ.clear()
    os.environ.update(before)
    return root


@pytest.fixture
def root(prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for kind in ("raw", "preprocessed", "results"):  # `prepare` sets them; they go back after the test
        monkeypatch.setenv(f"nnUNet_{kind}", "")
    return Path(shutil.copytree(prepared, tmp_path / "root"))


def config(root: Path, **changes: object) -> NnunetTrainConfig:
    fields = {"method": "uncertainty-aware-nnunet", "data": root / "Dataset001_Heads", "work": root / "work", "name": "one"}
    fields |= {"plans": root / "plans.json", "device": "cpu", "processes": 1}
    return NnunetTrainConfig.model_validate({**fields, **changes})


def test_preparing_again_does_nothing(root):
    said: list[str] = []
    assert prepare(config(root), said.append)["plans_name"] == "tinyPlans_one"
    assert prepare(config(root, name="two"), said.append)["plans_name"] == "tinyPlans_two"
    assert said == []


def test_a_data_set_that_changed_since_is_refused(root):
    with_label_3(root / "Dataset001_Heads")
    with pytest.raises(ArgumentError, match="is not what was preprocessed"):
        prepare(config(root), print)


def test_no_run_goes_on_with_other_folds(root):
    """Cases that it trained with would validate it."""
    folds(root / "Dataset001_Heads", "case_2", "case_3")
    prepare(config(root), print)
    stored = root / "work/preprocessed/Dataset001_Heads/splits_final.json"
    assert json.loads(stored.read_text())[0]["val"] == ["case_2"]  # no run was begun: the new ones hold
    (root / "work/results/Dataset001_Heads/trainer__plans__3d_fullres/fold_0").mkdir(parents=True)
    folds(root / "Dataset001_Heads", "case_4", "case_3")
    with pytest.raises(ArgumentError, match="other folds than the runs"):
        prepare(config(root), print)
    assert json.loads(stored.read_text())[0]["val"] == ["case_2"]


@pytest.mark.parametrize("where", [".", "work/preprocessed", "work/results"])
def test_two_data_sets_of_one_number_are_refused(root, where):
    (root / where / "Dataset001_Other").mkdir(parents=True)
    with pytest.raises(ArgumentError, match=r"by number, and .*Dataset001_Other"):
        prepare(config(root), print)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ('{"a"', "no plans file"),
        ("[]", "no plans file"),
        ("{}", "no plans file"),
        ('{"plans_name": "p", "configurations": {}}', "no configuration 3d_fullres"),
        ('{"plans_name": "p", "configurations": {"3d_fullres": {}}}', "cannot be trained by"),
    ],
)
def test_plans_that_cannot_be_used_are_refused(root, content, sentence):
    (root / "other.json").write_text(content)
    with pytest.raises(ArgumentError, match=sentence):
        prepare(config(root, plans=root / "other.json"), print)


def test_a_missing_device_is_said_before_anything_is_done(root, tmp_path):
    with pytest.raises(ArgumentError, match=r"cuda:99|CUDA"):
        run_training(config(root, device="cuda:99", work=tmp_path / "new"))
    assert not (tmp_path / "new").exists()


def test_a_killed_process_of_nnunet_is_said_in_a_sentence():
    with pytest.raises(ResourceError, match="want of memory"), said_in_a_sentence():
        raise RuntimeError("Some background worker is 6 feet under. Yuck.")
    with pytest.raises(RuntimeError, match="shapes"), said_in_a_sentence():
        raise RuntimeError("shapes do not fit")
