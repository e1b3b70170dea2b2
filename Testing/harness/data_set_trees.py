"""Miniature trees of the public data sets' layouts: real heads of ellipsoids, each class of hemorrhage where it belongs."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import nibabel as nib
import numpy as np

from harness.head_phantom import BRAIN_MM, centered, grid_points, head_at

SHAPE = (20, 48, 40)
AFFINE = centered(np.array([[0.0, 0.0, -4.5], [0.0, -4.5, 0.0], [8.0, 0.0, 0.0]]), SHAPE)
CLASSES = ("EDH", "IPH", "IVH", "SAH", "SDH")
BLOOD_HU = 70.0


@dataclass(frozen=True, eq=False)
class BleedingHead:
    """HU and label map (D, H, W) on one grid."""

    hu: np.ndarray
    labels: np.ndarray
    affine: np.ndarray


def bleeding_head(classes: Sequence[str], seed: int = 0, affine: np.ndarray = AFFINE) -> BleedingHead:
    """A head with one hemorrhage of each class named, at a slightly different place for each seed."""
    rng = np.random.default_rng(seed)
    points = grid_points(SHAPE, affine)
    hu, labels = head_at(points), np.zeros(SHAPE, np.uint8)
    radius = np.linalg.norm(points / BRAIN_MM, axis=-1)
    x, y, z = np.moveaxis(points - rng.uniform(-4, 4, 3), -1, 0)
    shell = (radius > 0.84) & (radius < 1)
    where = {
        "EDH": shell & (x < -20) & (np.abs(y) < 30) & (np.abs(z) < 25),
        "SDH": shell & (x > 20) & (np.abs(z) < 35),
        "SAH": (radius > 0.7) & (radius < 0.84) & (y > 30) & (np.abs(z) < 20),
        "IPH": np.linalg.norm(points - (-22, 5, 5) - rng.uniform(-4, 4, 3), axis=-1) < 13,
        "IVH": np.linalg.norm(points / (0.6, 1, 1) - (0, -5, 0), axis=-1) < 14,
    }
    for name in classes:
        labels[where[name]] = 1 + CLASSES.index(name)
    hu[labels > 0] = BLOOD_HU
    return BleedingHead(np.rint(hu + rng.normal(0, 4, SHAPE)), labels, affine)


def save(path: Path, array: np.ndarray, affine: np.ndarray = AFFINE, *, code: int = 1) -> Path:
    """Write (D, H, W) as NIfTI."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = nib.Nifti1Image(array.T, affine[:, [2, 1, 0, 3]])
    image.set_sform(affine[:, [2, 1, 0, 3]], code=code)
    image.set_qform(affine[:, [2, 1, 0, 3]], code=code)
    nib.save(image, path)
    return path


def load(path: Path) -> np.ndarray:
    """(D, H, W) of a NIfTI file, read with nibabel alone; a copy, so that the file can be replaced."""
    return np.array(nib.load(path).dataobj).T


def bhsd_name(patient: int, study: int = 0) -> str:
    """A case's name; the patient is none of the real ones."""
    return f"ID_{patient:08x}_ID_{study:010x}"


def bhsd_tree(folder: Path, cases: Mapping[str, Sequence[str]]) -> Path:
    """``label_192`` with the named cases; returns it."""
    for seed, (name, classes) in enumerate(cases.items()):
        head = bleeding_head(classes, seed)
        save(folder / "label_192/images" / f"{name}.nii.gz", head.hu.astype(np.int16))
        save(folder / "label_192/ground truths" / f"{name}.nii.gz", head.labels.astype(np.uint16))
    return folder / "label_192"


def mixed_bhsd(folder: Path, count: int = 10) -> Path:
    """A BHSD of `count` patients in which every class is in at least three, if there are ten."""
    cases = {bhsd_name(k): (CLASSES[k % 5], CLASSES[(k + 2) % 5]) for k in range(count)}
    return bhsd_tree(folder, cases)


def mbhseg_tree(folder: Path) -> Path:
    """Two cases; the first with raters 1, 3 and 10, the second with rater 2."""
    for name, raters in ((bhsd_name(1), (1, 3, 10)), (bhsd_name(2), (2,))):
        head = bleeding_head(("IPH", "SDH"), 0)
        save(folder / name / "image.nii.gz", head.hu.astype(np.int16))
        for rank, rater in enumerate(raters):
            labels = head.labels.copy()
            if rank == 1:
                labels[labels == 2] = 5  # the second rater calls everything subdural
            save(folder / name / f"label_annot_{rater}.nii.gz", labels)
    return folder


def instance22_tree(folder: Path, count: int = 5) -> Path:
    """INSTANCE22 with cases 001, 002, ..."""
    for k in range(1, count + 1):
        head = bleeding_head(("IPH",), k)
        save(folder / f"train/data/{k:03d}.nii.gz", head.hu.astype(np.int16))
        save(folder / f"train/label/{k:03d}.nii.gz", (head.labels > 0).astype(np.uint8))
    return folder


def ctich_tree(folder: Path, patients: Mapping[int, Sequence[str]]) -> Path:
    """CT-ICH with masks of 0 and 255, and a table of slices that tells the truth."""
    columns = {"IVH": "Intraventricular", "IPH": "Intraparenchymal", "SAH": "Subarachnoid", "EDH": "Epidural", "SDH": "Subdural"}
    rows = []
    for number, classes in patients.items():
        head = bleeding_head(classes, number)
        save(folder / f"ct_scans/{number:03d}.nii", head.hu.astype(np.int16))
        save(folder / f"masks/{number:03d}.nii", (head.labels > 0).astype(np.uint8) * 255)
        for index, plane in enumerate(head.labels):
            seen = {name: int((plane == 1 + CLASSES.index(name)).any()) for name in columns}
            row = {"PatientNumber": number, "SliceNumber": index + 1}
            row |= {column: seen[name] for name, column in columns.items()}
            rows.append({**row, "No_Hemorrhage": int(not any(seen.values())), "Fracture_Yes_No": 0})
    with (folder / "hemorrhage_diagnosis_raw_ct.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return folder
