"""The real CT with a tilted gantry and two slice distances, loaded as Slicer's DICOM reader does: grid transform included."""

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
import slicer

from harness.scene_ct import add_acquisition_transform, add_ct, world_of, world_points_of_segment, write_result_folder
from harness.synthetic_segmentation import synthetic_segmentation
from HemorrhageUncertaintyLib.ct_input import VerdictLevel, prepare
from HemorrhageUncertaintyLib.result_files import ResultFiles
from HemorrhageUncertaintyLib.result_nodes import importResult


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
    return load(files)


def load(files, every=1):
    """The files as a plain stack, whose spacing is a guess, and the transform that takes each slice to its own place.

    Only every so many-th row and column are taken, where that is asked for.
    """
    headers = [pydicom.dcmread(path) for path in files]
    hu = np.stack([h.pixel_array * float(h.RescaleSlope) + float(h.RescaleIntercept) for h in headers])
    positions = np.array([[float(v) for v in h.ImagePositionPatient] for h in headers]) * (-1, -1, 1)
    directions = np.array([float(v) for v in headers[0].ImageOrientationPatient]).reshape(2, 3) * (-1, -1, 1)
    rows_mm, columns_mm = (every * float(v) for v in headers[0].PixelSpacing)
    affine = np.eye(4)
    affine[:3, 2], affine[:3, 1] = directions[0] * columns_mm, directions[1] * rows_mm
    normal = np.cross(directions[0], directions[1])
    affine[:3, 0] = normal * np.linalg.norm(positions[1] - positions[0]) * np.sign(normal @ (positions[1] - positions[0]))
    affine[:3, 3] = positions[0]
    ct = add_ct(hu[:, ::every, ::every], affine, "tilted")
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


def test_segmentation_and_heat_map_lie_on_the_bone_of_the_files(files, tmp_path):
    """What the engine calls bone, as nodes: where they are in the world, the files must have bone.

    In the first 14 slices, which the engine sees as they are, without exception.
    """
    ct = load(files, every=4)
    given = prepare(ct)
    engine = synthetic_segmentation("axial LPS", given.shape, blobs=())
    engine.labels[:] = (given.array > 300) * 5
    engine.entropy[:] = given.array > 300
    result = importResult(ResultFiles.read(write_result_folder(engine, tmp_path / "out")), ct, given)
    images = [sitk.ReadImage(str(path)) for path in files]
    planes = np.array([image.GetOrigin() for image in images])
    normal = np.array(images[0].GetDirection()).reshape(3, 3)[:, 2]

    def bone_in_files(points):
        """Number of the file of each point, and whether it has bone there."""
        for point in points * (-1, -1, 1):
            apart = np.abs((point - planes) @ normal)
            number = int(apart.argmin())
            assert apart[number] < 0.02
            yield number, images[number].GetPixel(images[number].TransformPhysicalPointToIndex((*point[:2], point[2]))) > 300

    segment = world_points_of_segment(result.segmentation, "SDH")
    entropy = slicer.util.arrayFromVolume(result.map("entropy"))
    heat = np.array([world_of(result.map("entropy"), tuple(index)) for index in np.argwhere(entropy > 0.99)])
    for points in (segment, heat):
        found = np.array(list(bone_in_files(points)))
        assert np.mean(found[:, 1]) > 0.95
        assert found[found[:, 0] < 14, 1].all()
        assert (found[:, 0] < 14).sum() > 10_000


def test_the_verdict_speaks_of_the_transform_and_the_tilt(node):
    verdict = prepare(node).verdict
    assert verdict.level is VerdictLevel.WARNING
    assert "not linear" in verdict.line
    assert "head is in view" in verdict.line
