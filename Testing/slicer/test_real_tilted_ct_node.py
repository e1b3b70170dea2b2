"""The real CT with a tilted gantry and two slice distances, loaded as Slicer's DICOM reader does: grid transform included."""

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
import slicer

from harness.scene_ct import add_acquisition_transform, add_ct, world_of
from HemorrhageUncertaintyLib.ct_input import VerdictLevel, prepare


@pytest.fixture
def files(shared_data):
    folder = shared_data / "ge_hispeed_tilted_head_ct"
    if not folder.is_dir():
        pytest.skip("the real tilted CT is not here")
    return sorted(
        folder.glob("*.dcm"), key=lambda path: float(pydicom.dcmread(path, stop_before_pixels=True).ImagePositionPatient[2])
    )


@pytest.fixture
def node(files):
    """The files as a plain stack, whose spacing is a guess, and the transform that takes each slice to its own place."""
    headers = [pydicom.dcmread(path) for path in files]
    hu = np.stack([h.pixel_array * float(h.RescaleSlope) + float(h.RescaleIntercept) for h in headers])
    positions = np.array([[float(v) for v in h.ImagePositionPatient] for h in headers]) * (-1, -1, 1)
    directions = np.array([float(v) for v in headers[0].ImageOrientationPatient]).reshape(2, 3) * (-1, -1, 1)
    rows_mm, columns_mm = (float(v) for v in headers[0].PixelSpacing)
    affine = np.eye(4)
    affine[:3, 2], affine[:3, 1] = directions[0] * columns_mm, directions[1] * rows_mm
    normal = np.cross(directions[0], directions[1])
    affine[:3, 0] = normal * np.linalg.norm(positions[1] - positions[0]) * np.sign(normal @ (positions[1] - positions[0]))
    affine[:3, 3] = positions[0]
    ct = add_ct(hu, affine, "tilted")
    add_acquisition_transform(ct, positions)
    return ct


def test_every_voxel_of_every_file_is_found_at_its_physical_place(node, files):
    """Physical points of the files by SimpleITK; the engine's grid must hold the same HU there, exactly where slices coincide."""
    given = prepare(node)
    array, to_index = given.array, np.linalg.inv(given.affine)
    rng = np.random.default_rng(0)
    exact = 0
    for number, path in enumerate(files):
        image = sitk.ReadImage(str(path))
        hu = sitk.GetArrayFromImage(image)[0]
        for row, column in rng.integers(60, 450, (25, 2)):
            point = np.array(image.TransformIndexToPhysicalPoint([int(column), int(row), 0])) * (-1, -1, 1)
            assert world_of(node, (number, row, column)) == pytest.approx(point, abs=0.01)
            index = (to_index @ [*point, 1])[:3]
            assert np.abs(index[1:] - (row, column)).max() < 0.02
            nearest = round(index[0])
            if abs(index[0] - nearest) < 0.005:
                assert abs(int(array[nearest, row, column]) - int(hu[row, column])) <= 25
                exact += 1
    assert exact >= 14 * 25


def test_labels_lead_back_to_the_voxels_of_the_files(node):
    given = prepare(node)
    bone = slicer.util.arrayFromVolume(node) > 300
    back = given.toNodeGrid((given.array > 300).astype(np.uint8), "labels").astype(bool)
    assert back.shape == bone.shape
    overlap = [2 * (a & b).sum() / (a.sum() + b.sum()) for a, b in zip(back, bone, strict=True)]
    assert min(overlap[:14]) > 0.98
    assert np.mean(overlap) > 0.9


def test_the_verdict_speaks_of_the_transform_and_the_tilt(node):
    verdict = prepare(node).verdict
    assert verdict.level is VerdictLevel.WARNING
    assert "not linear" in verdict.line
    assert "head is in view" in verdict.line
