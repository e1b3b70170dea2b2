"""A pool of the embedded nnU-Net becomes a data set that networks of slices can be trained with."""

import json

import numpy as np
import pytest

from hemorrhage.errors import ArgumentError
from hemorrhage.reading import read_ct
from hemorrhage_training.datasets.raw_cases import open_raw_cases, split_of
from hemorrhage_training.embedded_slexnet.pooled_cases import data_set_from_pool, evenly, files_of_pool, real_anatomy

MEAN, DEVIATION = 40, 30


@pytest.fixture(scope="module")
def pool(tmp_path_factory):
    """Four cases: a cube of brain in bone, of a size that reading accepts."""
    folder = tmp_path_factory.mktemp("pool")
    hu = np.full((24, 120, 120), -60.0)
    hu[2:22, 10:110, 10:110] = 160
    hu[4:20, 15:105, 15:105] = 35
    hu[10, 50:60, 50:60] = 65
    labels = np.zeros(hu.shape, np.uint8)
    labels[10, 50:60, 50:60] = 2
    for number in range(4):
        anatomy = {"base": "/somewhere/template.nii.gz"} if number == 3 else {"age": 60}
        np.savez(
            folder / f"case_{number:06d}.npz",
            image=((hu - MEAN) / DEVIATION).astype(np.float16),
            labels=labels,
            description=np.array(json.dumps({"anatomy": anatomy})),
        )
    return folder


def test_intensities_are_hu_again_and_the_skull_is_bone(pool, tmp_path):
    data_set_from_pool(files_of_pool(pool, 1), tmp_path / "data", 0)
    ct = read_ct(tmp_path / "data" / "imagesTr" / "case_000000_0000.nii.gz")
    assert ct.spacing == pytest.approx((5, 1.5, 1.5))
    assert ct.hu[12, 20, 20] == 35
    assert ct.hu[10, 55, 55] == pytest.approx(65, abs=1)
    assert ct.hu[12, 12, 50] > 500
    assert ct.hu[0, 0, 0] < -500


def test_a_data_set_to_train_with(pool, tmp_path):
    folder = data_set_from_pool(files_of_pool(pool, 4), tmp_path / "data", 1)
    raw = open_raw_cases(folder)
    assert raw.classes == ("background", "EDH", "IPH", "IVH", "SAH", "SDH")
    training, validating = split_of(raw, 0)
    assert len(training) == 3
    assert len(validating) == 1
    assert not {*training} & {*validating}
    ct, labels = raw.cases[0].load()
    assert np.unique(ct.hu[labels == 2]) == pytest.approx(65, abs=1)
    assert real_anatomy(folder) == {"template.nii.gz": 1}


def test_more_cases_than_there_are(pool, tmp_path):
    with pytest.raises(ArgumentError, match="holds 4 cases, not 5"):
        files_of_pool(pool, 5)
    with pytest.raises(ArgumentError, match="left to train"):
        data_set_from_pool(files_of_pool(pool, 2), tmp_path / "data", 2)


def test_evenly_spread():
    assert evenly(range(10), 4) == [0, 2, 5, 7]
