"""Each public layout, read from a miniature tree of exactly its shape."""

from __future__ import annotations

import json

import numpy as np
import pytest

from harness.data_set_trees import (
    CLASSES,
    bhsd_name,
    bhsd_tree,
    bleeding_head,
    ctich_tree,
    instance22_tree,
    load,
    mbhseg_tree,
    mixed_bhsd,
    save,
)
from hemorrhage.commands.data import DataSetKind
from hemorrhage.errors import ArgumentError
from hemorrhage_training.datasets.bhsd_split import OFFICIAL, official_split
from hemorrhage_training.datasets.defects import DataSetError
from hemorrhage_training.datasets.import_data_set import import_data_set
from hemorrhage_training.datasets.patient_split import SplitWish
from hemorrhage_training.datasets.source_case import Split
from hemorrhage_training.datasets.sources import KINDS, find_cases

ALL_TRAIN = SplitWish(test_fraction=0.0, folds=2)


def test_the_command_line_knows_every_kind():
    assert tuple(kind.value for kind in DataSetKind) == KINDS


def test_bhsd_becomes_nnunet_raw(tmp_path):
    source = mixed_bhsd(tmp_path)
    manifest = import_data_set("bhsd", source, tmp_path / "out", SplitWish(test_fraction=0.2, seed=3))
    assert not manifest.left_out
    dataset = json.loads((tmp_path / "out/dataset.json").read_text())
    assert dataset["labels"] == {"background": 0, "EDH": 1, "IPH": 2, "IVH": 3, "SAH": 4, "SDH": 5}
    assert dataset["channel_names"] == {"0": "CT"}
    assert dataset["numTraining"] == len(list((tmp_path / "out/imagesTr").iterdir()))
    assert len(list((tmp_path / "out/imagesTs").iterdir())) == 2
    for record in manifest.cases:
        assert np.array_equal(load(tmp_path / "out" / record.ct.path), load(source / "images" / f"{record.name}.nii.gz"))
        assert np.array_equal(
            load(tmp_path / "out" / record.labels.path), load(source / "ground truths" / f"{record.name}.nii.gz")
        )
        assert record.voxel_volume_ml == pytest.approx(4.5 * 4.5 * 8 / 1000)
        assert record.source_ct.path == f"images/{record.name}.nii.gz"
    assert any("10 cases were found; the publishers name 192" in warning for warning in manifest.warnings)


def test_bhsd_is_also_found_from_the_folder_above(tmp_path):
    mixed_bhsd(tmp_path / "BHSD", 2)
    assert len(find_cases("bhsd", tmp_path / "BHSD").cases) == 2


def test_official_bhsd_split_is_used_by_patient(tmp_path):
    train, test = "ID_2db7ee14_ID_{}", "ID_0237f3c9_ID_40015688b9"
    names = (train.format("2591d00dfc"), train.format("f27e38fdfd"), test)
    bhsd_tree(tmp_path, dict.fromkeys(names, ("IPH",)))
    manifest = import_data_set("bhsd", tmp_path, tmp_path / "out")
    assert {record.name: record.split for record in manifest.cases} == {
        names[0]: Split.TRAINING,
        names[1]: Split.TRAINING,
        test: Split.TEST,
    }
    assert "White65534/BHSD" in manifest.split.rule
    # Both studies of the one patient who has two stay together.
    assert len({record.fold for record in manifest.cases if record.patient == "2db7ee14"}) == 1


def test_official_bhsd_split_has_the_published_sizes():
    """96 + 96 CTs; one training patient has two."""
    assert sum(split is Split.TEST for split in OFFICIAL.values()) == 96
    assert sum(split is Split.TRAINING for split in OFFICIAL.values()) == 95
    assert official_split("ID_0237f3c9_ID_40015688b9") is Split.TEST
    assert official_split("ID_00000001_ID_40015688b9") is None


def test_a_split_file_beside_bhsd_comes_first(tmp_path):
    source = mixed_bhsd(tmp_path, 4)
    names = [bhsd_name(k) for k in range(4)]
    listed = {
        "training": [{"image": f"./imagesTr/{name}.nii.gz", "label": "x"} for name in names[:3]],
        "test": [f"./imagesTs/{names[3]}.nii.gz"],
    }
    (source / "dataset.json").write_text(json.dumps(listed))
    manifest = import_data_set("bhsd", source, tmp_path / "out")
    assert [record.split is Split.TEST for record in manifest.cases] == [False, False, False, True]
    random = import_data_set("bhsd", source, tmp_path / "random", SplitWish(test_fraction=0.5, use_official=False))
    assert sum(record.split is Split.TEST for record in random.cases) == 2
    (source / "dataset.json").write_text("{}")
    with pytest.raises(DataSetError, match="does not list"):
        import_data_set("bhsd", source, tmp_path / "third")


def test_mbhseg_keeps_every_rater_and_their_plurality(tmp_path):
    manifest = import_data_set("mbhseg", mbhseg_tree(tmp_path / "mbh"), tmp_path / "out", ALL_TRAIN)
    first, second = manifest.cases
    assert [rater.rater for rater in first.raters] == ["1", "3", "10"]
    assert [rater.rater for rater in second.raters] == ["2"]
    truth = bleeding_head(("IPH", "SDH"), 0).labels
    assert np.array_equal(load(tmp_path / "out" / first.labels.path), truth)  # two of three raters agree
    dissent = load(tmp_path / "out" / first.raters[1].written.path)
    assert set(np.unique(dissent)) == {0, 5}
    assert first.raters[1].source.path.endswith("label_annot_3.nii.gz")


def test_instance22_is_binary(tmp_path):
    manifest = import_data_set("instance22", instance22_tree(tmp_path / "i"), tmp_path / "out", ALL_TRAIN)
    assert manifest.classes == ("background", "hemorrhage")
    assert [record.patient for record in manifest.cases] == ["001", "002", "003", "004", "005"]


def test_ctich_is_binary_and_keeps_what_readers_saw(tmp_path):
    source = ctich_tree(tmp_path / "ct", {49: ("IPH",), 66: ("IPH", "SDH"), 67: ()})
    manifest = import_data_set("ctich", source, tmp_path / "out", ALL_TRAIN)
    assert manifest.classes == ("background", "hemorrhage")
    for record, classes in zip(manifest.cases, (("IPH",), ("IPH", "SDH"), ()), strict=True):
        truth = bleeding_head(classes, int(record.patient)).labels
        assert np.array_equal(load(tmp_path / "out" / record.labels.path), truth > 0)
        assert record.slice_subtypes is not None
        for index, seen in record.slice_subtypes.items():
            assert set(seen) == {CLASSES[value - 1] for value in np.unique(truth[index]) if value}
        assert record.subtypes >= set(classes)
        assert not any("empty" in warning for warning in record.warnings)


def test_ctich_slices_with_several_subtypes_never_become_voxel_subtypes(tmp_path):
    source = ctich_tree(tmp_path / "ct", {66: ("IPH", "SDH")})
    manifest = import_data_set("ctich", source, tmp_path / "out", ALL_TRAIN, voxel_subtypes=True)
    written = load(tmp_path / "out" / manifest.cases[0].labels.path)
    truth = bleeding_head(("IPH", "SDH"), 66).labels
    kinds = [set(np.unique(plane)) - {0} for plane in truth]
    assert {len(kind) for kind in kinds} == {0, 1, 2}
    for plane, true, kind in zip(written, truth, kinds, strict=True):
        assert np.array_equal(plane, true if len(kind) < 2 else 6 * (true > 0))
    dataset = json.loads((tmp_path / "out/dataset.json").read_text())
    assert dataset["labels"]["ignore"] == 6
    assert manifest.ignore_label == 6


def test_subtypes_from_slices_are_for_ctich_only(tmp_path):
    with pytest.raises(ArgumentError, match="no slice labels"):
        import_data_set("bhsd", mixed_bhsd(tmp_path, 1), tmp_path / "out", voxel_subtypes=True)


def nnunet_tree(folder, labels, cases, *, test=()):
    values = {name: labels[name] for name in labels if name != "background"}
    for seed, name in enumerate((*cases, *test)):
        head = bleeding_head(("IPH", "SDH"), seed)
        stored = np.zeros_like(head.labels)
        stored[head.labels == 2] = values["IPH"]
        stored[head.labels == 5] = values["subdural hemorrhage"]
        ending = "Ts" if name in test else "Tr"
        save(folder / f"images{ending}/{name}_0000.nii.gz", head.hu.astype(np.int16))
        save(folder / f"labels{ending}/{name}.nii.gz", stored)
    (folder / "dataset.json").write_text(json.dumps({"channel_names": {"0": "CT"}, "labels": labels, "file_ending": ".nii.gz"}))
    return folder


def test_nnunet_labels_are_taken_by_name(tmp_path):
    labels = {"background": 0, "subdural hemorrhage": 1, "IPH": 2}
    source = nnunet_tree(tmp_path / "raw", labels, ("a", "b"), test=("c",))
    manifest = import_data_set("nnunet", source, tmp_path / "out")
    assert manifest.classes == ("background", "IPH", "SDH")
    assert [record.split is Split.TEST for record in manifest.cases] == [False, False, True]
    truth = bleeding_head(("IPH", "SDH"), 0).labels
    written = load(tmp_path / "out/labelsTr/a.nii.gz")
    assert np.array_equal(written == 1, truth == 2)
    assert np.array_equal(written == 2, truth == 5)


def test_our_own_import_can_be_imported_again(tmp_path):
    first = import_data_set("bhsd", mixed_bhsd(tmp_path, 6), tmp_path / "one", SplitWish(test_fraction=0.3))
    again = import_data_set("nnunet", tmp_path / "one", tmp_path / "two")
    assert [(r.name, r.patient, r.split, r.volumes_ml) for r in again.cases] == [
        (r.name, r.patient, r.split, r.volumes_ml) for r in first.cases
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"channel_names": {"0": "CT", "1": "bone"}}, "2 channels"),
        ({"labels": {"background": 0, "whole": [1, 2]}}, "regions"),
        ({"labels": {"background": 1, "IPH": 2}}, "background"),
        ({"labels": {"background": 0, "IPH": 1, "intraparenchymal": 2}}, "same name"),
    ],
)
def test_nnunet_datasets_that_cannot_be_meant(tmp_path, change, message):
    source = nnunet_tree(tmp_path / "raw", {"background": 0, "subdural hemorrhage": 1, "IPH": 2}, ("a",))
    dataset = json.loads((source / "dataset.json").read_text())
    (source / "dataset.json").write_text(json.dumps(dataset | change))
    with pytest.raises(DataSetError, match=message):
        import_data_set("nnunet", source, tmp_path / "out")


def folder_tree(folder, names=("p1_a", "p1_b", "p2")):
    for seed, name in enumerate(names):
        head = bleeding_head(("SDH",), seed)
        save(folder / f"images/{name}.nii.gz", head.hu.astype(np.int16))
        save(folder / f"labels/{name}.nii.gz", (head.labels > 0).astype(np.uint8))
    (folder / "labels.json").write_text('{"background": 0, "SDH": 1}')
    return folder


def test_a_folder_of_ones_own_says_patients_and_split_in_a_table(tmp_path):
    source = folder_tree(tmp_path / "mine")
    (source / "cases.csv").write_text("case,patient,split\np1_a,p1,test\np1_b,p1,test\np2,p2,training\n")
    manifest = import_data_set("folder", source, tmp_path / "out")
    assert manifest.classes == ("background", "SDH")
    assert {r.name: (r.patient, r.split.value) for r in manifest.cases} == {
        "p1_a": ("p1", "test"),
        "p1_b": ("p1", "test"),
        "p2": ("p2", "training"),
    }


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("case,patient\np1_a,p1\n", "lacks p1_b and 1 more"),
        ("case,patient\np1_a,p1\np1_a,p1\n", "twice"),
        ("name,patient\np1_a,p1\n", "columns"),
        ("case,patient,split\np1_a,p1,testing\n", "training or test"),
    ],
)
def test_tables_of_cases_that_cannot_be_used(tmp_path, table, message):
    source = folder_tree(tmp_path / "mine")
    (source / "cases.csv").write_text(table)
    with pytest.raises(DataSetError, match=message):
        import_data_set("folder", source, tmp_path / "out")


@pytest.mark.parametrize("kind", KINDS)
def test_a_folder_of_another_kind_is_refused(tmp_path, kind):
    (tmp_path / "other").mkdir()
    with pytest.raises(DataSetError, match="does not look like"):
        find_cases(kind, tmp_path / "other")
    with pytest.raises(DataSetError):
        find_cases(kind, tmp_path / "absent")


def test_ctich_without_its_table_is_refused(tmp_path):
    source = ctich_tree(tmp_path / "ct", {49: ("IPH",)})
    (source / "hemorrhage_diagnosis_raw_ct.csv").write_text("PatientNumber,SliceNumber\n49,1\n")
    with pytest.raises(DataSetError, match="columns"):
        find_cases("ctich", source)
    (source / "hemorrhage_diagnosis_raw_ct.csv").unlink()
    with pytest.raises(DataSetError, match="missing"):
        find_cases("ctich", source)
