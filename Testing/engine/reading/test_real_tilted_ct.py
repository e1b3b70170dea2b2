"""The hard case: a real CT with a tilted gantry and two slice distances, checked file by file with pydicom and SimpleITK."""

from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk

from hemorrhage import read_ct
from hemorrhage.reading import map_to_source_slices, source_slices

FOLDER = Path(__file__).parents[4] / "shared/data/ge_hispeed_tilted_head_ct"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="the real tilted CT is not here")


@pytest.fixture(scope="module")
def ct():
    return read_ct(FOLDER)


@pytest.fixture(scope="module")
def files():
    return sorted(FOLDER.glob("*.dcm"))


def test_geometry(ct):
    assert ct.metadata["gantry_tilt_degrees"] == pytest.approx(18.5, abs=0.01)
    assert ct.spacing == pytest.approx((4.22, 0.48828, 0.48828), abs=1e-4)
    assert ct.shape[1:] == (512, 512)
    assert ct.voxel_volume_ml == pytest.approx(4.22 * np.cos(np.radians(18.5)) * 0.4882812**2 / 1000, rel=1e-5)
    assert ct.hu.min() == -1024
    assert any("18.5 degrees" in w for w in ct.warnings)
    assert any("uneven" in w for w in ct.warnings)


def test_every_source_voxel_is_found_at_its_physical_place(ct, files):
    """Take voxels of each file at their physical points; the CT must hold the same HU there."""
    rng = np.random.default_rng(0)
    to_index = np.linalg.inv(ct.affine)
    exact = 0
    for number, path in enumerate(files):
        image = sitk.ReadImage(str(path))
        hu = np.maximum(sitk.GetArrayFromImage(image)[0], -1024)
        for row, column in rng.integers(60, 450, (25, 2)):
            point = np.array(image.TransformIndexToPhysicalPoint([int(column), int(row), 0])) * [-1, -1, 1]
            index = (to_index @ [*point, 1])[:3]
            # No drift within the plane: the sheared frame puts the voxel on the same row and column.
            assert np.abs(index[1:] - (row, column)).max() < 1e-3
            below, weight = int(np.floor(index[0] + 1e-6)), index[0] - np.floor(index[0] + 1e-6)
            found = ct.hu[below, row, column]
            if abs(weight) < 1e-4:
                assert found == hu[row, column]
                exact += 1
        assert source_slices(ct)[number].file == path.name
        assert index[0] == pytest.approx(source_slices(ct)[number].slice_index, abs=1e-4)
    assert exact >= 14 * 25


def test_slices_between_are_linear_mixtures_of_their_neighbors(ct, files):
    heights = np.array([float(pydicom.dcmread(p, stop_before_pixels=True).ImagePositionPatient[2]) for p in files])
    planes = [np.maximum(pydicom.dcmread(p).pixel_array.astype(float), -1024) for p in files]
    for k in range(15, ct.shape[0] - 1):
        height = ct.affine[2, 3] + k * ct.affine[2, 0]
        after = int(np.searchsorted(heights, height))
        weight = (height - heights[after - 1]) / (heights[after] - heights[after - 1])
        assert np.abs(ct.hu[k] - ((1 - weight) * planes[after - 1] + weight * planes[after])).max() < 2


def test_label_maps_lead_back(ct, files):
    bone = map_to_source_slices((ct.hu > 300).astype(np.uint8), ct)
    assert bone.shape == (28, 512, 512)
    for number in range(14):
        assert np.array_equal(bone[number], pydicom.dcmread(files[number]).pixel_array > 300)


def test_one_file_stands_for_the_series(ct, files):
    assert np.array_equal(read_ct(files[7]).hu, ct.hu)
