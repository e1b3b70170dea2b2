"""nnU-Net plans and preprocesses once, by the paper's planner, and never goes on with something else than it began with."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from harness.raw_heads import give_label_3, write_folds
from hemorrhage.errors import ArgumentError, ResourceError
from hemorrhage_training.nnunet.nnunet_failure import said_in_a_sentence
from hemorrhage_training.nnunet.preparation import prepare
from hemorrhage_training.nnunet.run_training import run_training
from hemorrhage_training.nnunet.train_config import NnunetTrainConfig

#: `prepare` sets these variables; they go back after each test.
FOLDERS = ("nnUNet_raw", "nnUNet_preprocessed", "nnUNet_results")


@pytest.fixture(scope="module")
def prepared(raw_heads: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A work folder, a data set with folds, and what nnU-Net made of it."""
    root = tmp_path_factory.mktemp("prepared")
    data = Path(shutil.copytree(raw_heads, root / raw_heads.name))
    write_folds(data, "case_0", "case_1")
    said: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        for kind in FOLDERS:
            patch.setenv(kind, "")
        patch.setenv("nnUNet_n_proc_DA", "0")
        prepare(config(root), said.append)
    assert any("5 cases of Dataset001_Heads are checked" in each for each in said)
    return root


@pytest.fixture
def root(prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for kind in FOLDERS:
        monkeypatch.setenv(kind, "")
    return Path(shutil.copytree(prepared, tmp_path / "root"))


def config(root: Path, **changes: object) -> NnunetTrainConfig:
    fields = {"method": "uncertainty-aware-nnunet", "data": root / "Dataset001_Heads", "work": root / "work", "name": "one"}
    fields |= {"device": "cpu", "processes": 1}
    return NnunetTrainConfig.model_validate({**fields, **changes})


def test_the_papers_network_is_planned_by_default(root):
    """nnU-Net's residual encoder, size M, for these heads' own grid."""
    plans = prepare(config(root), print)
    assert plans["plans_name"] == "nnUNetResEncUNetMPlans_one"
    settings = plans["configurations"]["3d_fullres"]
    assert settings["architecture"]["network_class_name"].endswith("ResidualEncoderUNet")
    assert settings["spacing"] == pytest.approx((8, 4.5, 4.5))
    assert plans["uncertainty_weighting"]["lam"] == 50


def test_preparing_again_does_nothing_and_other_runs_share_what_is_there(root):
    said: list[str] = []
    assert prepare(config(root), said.append)["plans_name"] == "nnUNetResEncUNetMPlans_one"
    assert prepare(config(root, name="two"), said.append)["plans_name"] == "nnUNetResEncUNetMPlans_two"
    assert said == []


def test_a_data_set_that_changed_since_is_refused(root):
    give_label_3(root / "Dataset001_Heads")
    with pytest.raises(ArgumentError, match="is not what was preprocessed"):
        prepare(config(root), print)


def test_no_run_goes_on_with_other_folds(root):
    """Cases that it trained with would validate it."""
    write_folds(root / "Dataset001_Heads", "case_2", "case_3")
    prepare(config(root), print)
    stored = root / "work/preprocessed/Dataset001_Heads/splits_final.json"
    assert json.loads(stored.read_text())[0]["val"] == ["case_2"]  # no run was begun: the new ones hold
    (root / "work/results/Dataset001_Heads/trainer__plans__3d_fullres/fold_0").mkdir(parents=True)
    write_folds(root / "Dataset001_Heads", "case_4", "case_3")
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
