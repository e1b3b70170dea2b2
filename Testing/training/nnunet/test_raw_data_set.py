"""What nnU-Net would stumble over after hours, or not notice at all, is said before it begins."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.data_set_trees import AFFINE, load, save
from harness.raw_heads import describe, give_label_3, write_folds
from hemorrhage.errors import ArgumentError
from hemorrhage_training.nnunet.raw_data_set import check_cases, open_raw_data_set


@pytest.fixture
def raw(raw_heads: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(raw_heads, tmp_path / raw_heads.name))


def ct(folder: Path) -> Path:
    return folder / "imagesTr/case_1_0000.nii.gz"


def labels(folder: Path) -> Path:
    return folder / "labelsTr/case_1.nii.gz"


def moved(folder: Path) -> None:
    affine = AFFINE.copy()
    affine[0, 3] += 4.5
    save(labels(folder), load(labels(folder)), affine)


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
        (give_label_3, "case_1.nii.gz holds the value 3"),
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
    write_folds(raw, "case_0", "case_1")
    with pytest.raises(ArgumentError, match=r"no fold 2.*0 to 1"):
        open_raw_data_set(raw, 2)
    assert len(open_raw_data_set(raw, "all").cases) == 5
    (raw / "splits_final.json").unlink()
    ct(raw).unlink()
    labels(raw).unlink()
    with pytest.raises(ArgumentError, match="4 cases, too few for five folds"):
        open_raw_data_set(raw, 0)
