"""A tiny model of one's own, and a data set of phantoms that are small to segment."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from hemorrhage.head_ct import HeadCT
from hemorrhage.writing.volume_file import write_volume

CLASSES = ("background", "IPH", "SDH")


@pytest.fixture
def own_model(tiny_model: Path, tmp_path: Path) -> Path:
    """A copy that a test may calibrate."""
    return Path(shutil.copytree(tiny_model, tmp_path / "own"))


@pytest.fixture(scope="session")
def phantom_data(phantom_ct: HeadCT, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """22 cases in nnU-Net's raw format: the phantom with other noise, and blobs as reference, one case without any."""
    folder = tmp_path_factory.mktemp("raw") / "Dataset042_Phantoms"
    for name in ("imagesTr", "labelsTr"):
        (folder / name).mkdir(parents=True)
    labels = {name: value for value, name in enumerate(CLASSES)}
    (folder / "dataset.json").write_text(json.dumps({"channel_names": {"0": "CT"}, "labels": labels, "file_ending": ".nii.gz"}))
    rng = np.random.default_rng(11)
    for k in range(22):
        hu = np.rint(phantom_ct.hu + rng.normal(0, 2, phantom_ct.shape)).astype(np.int16)
        reference = np.zeros(phantom_ct.shape, np.uint8)
        reference[8 : 8 + k // 4, 18:26, 12 : 12 + k // 2] = 1 + k % 2
        write_volume(hu, phantom_ct, folder / "imagesTr" / f"case_{k:02d}_0000.nii.gz")
        write_volume(reference, phantom_ct, folder / "labelsTr" / f"case_{k:02d}.nii.gz")
    return folder
