"""nnU-Net's own check passes on what an import wrote, sheared grids included."""

from __future__ import annotations

import json

import numpy as np

from harness.data_set_trees import AFFINE, bhsd_name, load, mixed_bhsd, save
from hemorrhage_training.datasets.import_data_set import import_data_set
from hemorrhage_training.datasets.patient_split import SplitWish


def test_integrity_by_nnunets_own_check(tmp_path, capsys):
    from nnunetv2.experiment_planning.verify_dataset_integrity import verify_dataset_integrity

    source = mixed_bhsd(tmp_path, 4)
    sheared = AFFINE.copy()
    sheared[1, 0] = 8 * np.tan(np.radians(15))
    for folder in ("images", "ground truths"):
        path = source / folder / f"{bhsd_name(2)}.nii.gz"
        save(path, load(path), sheared)
    import_data_set("bhsd", source, tmp_path / "Dataset001_BHSD", SplitWish(test_fraction=0, folds=2))
    verify_dataset_integrity(str(tmp_path / "Dataset001_BHSD"), 1)
    said = capsys.readouterr().out
    assert "NibabelIO" in said
    assert "WARNING" not in said.upper()


def test_folds_are_in_the_form_that_nnunet_reads(tmp_path):
    import_data_set("bhsd", mixed_bhsd(tmp_path, 5), tmp_path / "out", SplitWish(test_fraction=0.2, folds=4))
    names = {path.name.removesuffix(".nii.gz") for path in (tmp_path / "out/labelsTr").iterdir()}
    folds = json.loads((tmp_path / "out/splits_final.json").read_text())
    assert len(folds) == 4
    assert sorted(name for fold in folds for name in fold["val"]) == sorted(names)
    for fold in folds:
        assert set(fold["train"]) | set(fold["val"]) == names
        assert not set(fold["train"]) & set(fold["val"])
