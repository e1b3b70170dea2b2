"""The check finds whatever was done to a data set after its import."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from harness.data_set_trees import load, mbhseg_tree, mixed_bhsd, save
from hemorrhage_training.datasets.case_import import file_record
from hemorrhage_training.datasets.check_data_set import check_data_set
from hemorrhage_training.datasets.defects import DataSetError
from hemorrhage_training.datasets.import_data_set import import_data_set
from hemorrhage_training.datasets.patient_split import SplitWish


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("set")
    import_data_set("bhsd", mixed_bhsd(folder, 5), folder / "out", SplitWish(test_fraction=0.4))
    return folder / "out"


@pytest.fixture
def data_set(imported: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(imported, tmp_path / "copy"))


def edit_manifest(folder: Path, change) -> None:
    content = json.loads((folder / "manifest.json").read_text())
    change(content)
    (folder / "manifest.json").write_text(json.dumps(content))


def problems(folder: Path) -> str:
    return "\n".join(check_data_set(folder)[1])


def test_what_was_imported_is_fine(data_set, tmp_path):
    seen = []
    manifest, found = check_data_set(data_set, progress=seen.append)
    assert found == ()
    assert [each.done for each in seen] == list(range(len(manifest.cases)))
    import_data_set("mbhseg", mbhseg_tree(tmp_path / "mbh"), tmp_path / "raters")
    assert check_data_set(tmp_path / "raters")[1] == ()


def first_of(folder: Path, kind: str) -> Path:
    return sorted((folder / kind).iterdir())[0]


def test_a_missing_file(data_set):
    first_of(data_set, "labelsTr").unlink()
    assert "is missing" in problems(data_set)


def test_an_altered_file(data_set):
    path = first_of(data_set, "labelsTr")
    save(path, load(path) * 0)
    assert "was altered" in problems(data_set)


def test_an_added_file(data_set):
    path = first_of(data_set, "imagesTr")
    shutil.copy(path, path.with_name("extra_0000.nii.gz"))
    assert "imagesTr/extra_0000.nii.gz is not in the manifest" in problems(data_set)


def test_a_patient_in_two_splits_and_in_two_folds(data_set):
    def share(content):
        training = [case for case in content["cases"] if case["split"] == "training"]
        test = [case for case in content["cases"] if case["split"] == "test"]
        training[0]["patient"] = test[0]["patient"]
        training[1]["patient"] = training[2]["patient"]

    edit_manifest(data_set, share)
    found = problems(data_set)
    assert "is in training and test" in found
    assert "is in several folds" in found


@pytest.mark.parametrize(("file", "name"), [("dataset.json", "labels"), ("splits_final.json", "folds")])
def test_tables_that_disagree(data_set, file, name):
    original = (data_set / file).read_text()
    (data_set / file).write_text(original.replace("EDH", "XDH") if name == "labels" else "[]")
    assert f"{file} has other {name}" in problems(data_set)
    (data_set / file).unlink()
    assert f"{file} is missing" in problems(data_set)


def test_content_that_does_not_fit_the_manifest_although_hashes_do(data_set):
    """Somebody edited masks and hashes: one out of range, one of another volume."""
    paths = sorted((data_set / "labelsTr").iterdir())[:2]
    wrong = load(paths[0]).copy()
    wrong[0, 0, 0] = 9
    save(paths[0], wrong)
    save(paths[1], np.zeros_like(wrong))

    def rehash(content):
        for case in content["cases"]:
            case["labels"] = file_record(data_set / case["labels"]["path"], data_set).model_dump()

    edit_manifest(data_set, rehash)
    found = problems(data_set)
    assert "labels reach from 0 to 9" in found
    assert "has 0.000 mL" in found


def test_no_manifest_or_a_damaged_one(data_set, tmp_path):
    with pytest.raises(DataSetError, match="data import"):
        check_data_set(tmp_path)
    edit_manifest(data_set, lambda content: content.update(schema_version=2))
    with pytest.raises(DataSetError, match="newer version"):
        check_data_set(data_set)
