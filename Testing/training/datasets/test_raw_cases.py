"""Which cases train and validate."""

import json

import pytest

from hemorrhage.errors import ArgumentError
from hemorrhage_training.datasets.raw_cases import open_raw_cases, split_of


def _folder(root, names, splits=None):
    for part, suffix in (("imagesTr", "_0000"), ("labelsTr", "")):
        (root / part).mkdir()
        for name in names:
            (root / part / f"{name}{suffix}.nii.gz").touch()
    (root / "dataset.json").write_text(json.dumps({"labels": {"background": 0, "hemorrhage": 1, "ignore": 2}}))
    if splits is not None:
        (root / "splits_final.json").write_text(json.dumps(splits))
    return root


def test_the_folds_of_the_data_set_decide(tmp_path):
    raw = open_raw_cases(_folder(tmp_path, "abc", [{"train": ["a", "c"], "val": ["b"]}]))
    assert split_of(raw, 0) == (["a", "c"], ["b"])
    assert split_of(raw, "all") == (["a", "b", "c"], ["a", "b", "c"])
    assert raw.ignore == 2
    assert raw.classes == ("background", "hemorrhage")
    with pytest.raises(ArgumentError, match="no fold 1"):
        split_of(raw, 1)


def test_without_folds_patients_are_not_torn_apart(tmp_path):
    names = [f"ID_{patient:08x}_ID_{study}" for patient in range(6) for study in range(2)]
    raw = open_raw_cases(_folder(tmp_path, names))
    validated = []
    for fold in range(5):
        training, validation = split_of(raw, fold)
        assert sorted(training + validation) == names
        assert not {name[:11] for name in training} & {name[:11] for name in validation}
        validated += validation
    assert sorted(validated) == names


def test_what_is_missing_is_named(tmp_path):
    raw = open_raw_cases(_folder(tmp_path, "ab", [{"train": ["a", "x"], "val": ["b"]}, {"train": ["a"], "val": []}]))
    with pytest.raises(ArgumentError, match="the case x"):
        split_of(raw, 0)
    with pytest.raises(ArgumentError, match="fold: all"):
        split_of(raw, 1)
    (tmp_path / "imagesTr" / "b_0000.nii.gz").unlink()
    with pytest.raises(ArgumentError, match="no CT called b_0000"):
        open_raw_cases(tmp_path)
    (tmp_path / "splits_final.json").write_text("[1]")
    with pytest.raises(ArgumentError, match="import the data set again"):
        split_of(raw, 0)
