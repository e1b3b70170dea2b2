"""A small data set with results of a method that is often, but not always, right."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from harness.synthetic_segmentation import BLOBS, synthetic_segmentation
from hemorrhage.head_ct import HeadCT
from hemorrhage.segmentation import Segmentation
from hemorrhage.writing.volume_file import write_volume

CASES = 4
SHAPE = (12, 32, 32)


@dataclass(frozen=True)
class DataSet:
    """Folders of a data set on disk, and what was written there."""

    predictions: Path
    references: Path
    raters: Path
    cts: Path
    segmentations: dict[str, Segmentation]
    truths: dict[str, np.ndarray]
    rater_maps: dict[str, list[np.ndarray]]


def segmentation_with_samples(number: int) -> Segmentation:
    """Return a case whose blobs grow with its number, with five samples: the label map moved by up to a voxel."""
    blobs = [(name, centre, tuple(r * (1 + 0.15 * number) for r in radii), height) for name, centre, radii, height in BLOBS]
    made = synthetic_segmentation(shape=SHAPE, blobs=blobs[: 3 - number % 2], source=f"case {number}")
    rng = np.random.default_rng(number)
    samples = np.stack([np.roll(made.labels, rng.integers(-1, 2, 2), axis=(1, 2)) for _ in range(5)])
    return replace(made, samples=samples)


def truth_of(segmentation: Segmentation, number: int) -> np.ndarray:
    """Return a reference: the label map, moved, and in every other case grown or worn away by a voxel where it is IPH."""
    labels = np.roll(segmentation.labels, (number % 2, 1), axis=(1, 2))
    grown = ndimage.binary_dilation(labels == 2) if number % 2 else ndimage.binary_erosion(labels == 2)
    return np.where(grown & (labels == 0), 2, np.where((labels == 2) & ~grown, 0, labels)).astype(np.uint8)


def write(array: np.ndarray, ct: HeadCT, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return write_volume(array, ct, path)


@pytest.fixture(scope="session")
def data_set(tmp_path_factory: pytest.TempPathFactory) -> DataSet:
    root = tmp_path_factory.mktemp("evaluation")
    made = DataSet(root / "results", root / "labelsTs", root / "raters", root / "imagesTs", {}, {}, {})
    for number in range(CASES):
        name = f"case_{number:04d}"
        segmentation = segmentation_with_samples(number)
        truth = truth_of(segmentation, number)
        raters = [np.roll(truth, shift, axis=2) for shift in (-1, 0, 1)]
        segmentation.save(made.predictions / name)
        write(truth, segmentation.ct, made.references / f"{name}.nii.gz")
        write(segmentation.ct.hu, segmentation.ct, made.cts / f"{name}_0000.nii.gz")
        for rater, labels in enumerate(raters):
            write(labels, segmentation.ct, made.raters / f"{name}_rater{rater}.nii.gz")
        made.segmentations[name], made.truths[name], made.rater_maps[name] = segmentation, truth, raters
    return made


@pytest.fixture
def label_maps(data_set: DataSet, tmp_path: Path) -> Path:
    """The predictions as a plain folder of label maps."""
    folder = tmp_path / "label_maps"
    folder.mkdir()
    for name in data_set.segmentations:
        shutil.copy(data_set.predictions / name / "labels.nii.gz", folder / f"{name}.nii.gz")
    return folder
