"""NIfTI: every orientation, byte order, scaling and header form."""

import itertools
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.head_phantom import centered, grid_points, head_at, tiny_head
from hemorrhage import HeadCT, read_ct
from hemorrhage.writing.volume_file import write_volume

RNG = np.random.default_rng(0)
ORIENTATIONS = [(p, f) for p in itertools.permutations(range(3)) for f in itertools.product((1, -1), repeat=3)]


def save(path: Path, hu: np.ndarray, affine: np.ndarray, **codes: int) -> Path:
    image = nib.Nifti1Image(hu.T, affine[:, [2, 1, 0, 3]])
    image.set_sform(affine[:, [2, 1, 0, 3]], code=codes.get("sform", 1))
    image.set_qform(affine[:, [2, 1, 0, 3]], code=codes.get("qform", 1))
    nib.save(image, path)
    return path


@pytest.mark.parametrize(("axes", "signs"), ORIENTATIONS)
def test_each_of_48_orientations_keeps_every_voxel_in_place(tmp_path, axes, signs):
    spacing = np.array([6.0, 7.0, 8.0])
    matrix = np.zeros((3, 3))
    for column, (axis, sign) in enumerate(zip(axes, signs, strict=True)):
        matrix[axis, column] = sign * spacing[column]
    shape = tuple(int(np.ceil(190 / s)) for s in spacing)
    affine = centered(matrix, shape)
    expected = head_at(grid_points(shape, affine)).astype(np.float32)
    ct = read_ct(save(tmp_path / "ct.nii", expected, affine))
    assert np.allclose(ct.affine, affine, atol=1e-4)
    assert np.array_equal(ct.hu, expected)
    image = sitk.ReadImage(str(tmp_path / "ct.nii"))
    for index in ((0, 0, 0), (3, 5, 7)):
        point = np.array(image.TransformIndexToPhysicalPoint(index)) * [-1, -1, 1]
        assert np.allclose(ct.affine[:3] @ [*index[::-1], 1], point, atol=1e-3)


@st.composite
def affines(draw, shear: bool = True):
    """Random rotation, reflection, spacing of 4 to 9 mm, optional shear and any origin."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    rotation = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    spacing = np.diag(rng.uniform(4, 9, 3))
    skew = np.eye(3)
    if shear:
        skew[[0, 0, 1], [1, 2, 2]] = rng.uniform(-0.5, 0.5, 3)
    affine = np.eye(4)
    affine[:3, :3] = rotation @ skew @ spacing
    affine[:3, 3] = rng.uniform(-300, 300, 3)
    return affine


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(affine=affines(), ending=st.sampled_from([".nii", ".nii.gz", ".nrrd", ".mha"]))
def test_write_then_read_keeps_geometry_and_values(tmp_path, affine, ending):
    """Left-handed, oblique, anisotropic, sheared: header precision is the only loss."""
    ct = HeadCT(tiny_head(), affine)
    back = read_ct(write_volume(ct.hu, ct, tmp_path / f"ct{ending}"))
    assert np.abs(back.affine - affine).max() <= 3e-6 * np.abs(affine).max()
    assert np.array_equal(back.hu, ct.hu)
    assert back.voxel_volume_ml == pytest.approx(ct.voxel_volume_ml, rel=2e-5)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(affine=affines(shear=False), ending=st.sampled_from([".nii.gz", ".nrrd"]))
def test_physical_points_agree_with_simpleitk(tmp_path, affine, ending):
    ct = HeadCT(tiny_head(), affine)
    path = write_volume(ct.hu, ct, tmp_path / f"ct{ending}")
    image, back = sitk.ReadImage(str(path)), read_ct(path)
    assert image.GetSize() == ct.shape[::-1]
    for index in RNG.integers(0, 14, (4, 3)):
        point = np.array(image.TransformIndexToPhysicalPoint([int(i) for i in index])) * [-1, -1, 1]
        assert np.allclose(back.affine[:3] @ [*index[::-1], 1], point, atol=5e-3)


AFFINE = centered(np.array([[0.0, 0, -6], [0, -6, 0], [7, 0, 0]]), (16, 20, 22))


@pytest.mark.parametrize("kind", [np.int16, np.int32, np.float32, np.float64])
@pytest.mark.parametrize("order", ["<", ">"])
def test_types_and_byte_orders(tmp_path, kind, order):
    header = nib.Nifti1Header(endianness=order)
    header.set_data_dtype(kind)
    image = nib.Nifti1Image(tiny_head().T.astype(kind), AFFINE[:, [2, 1, 0, 3]], header)
    nib.save(image, tmp_path / "ct.nii.gz")
    assert np.array_equal(read_ct(tmp_path / "ct.nii.gz").hu, tiny_head())


def test_slope_and_intercept_are_applied(tmp_path):
    image = nib.Nifti1Image(((tiny_head().T + 1024) / 0.5).astype(np.int16), AFFINE[:, [2, 1, 0, 3]])
    image.header.set_slope_inter(0.5, -1024)
    image.to_filename(tmp_path / "ct.nii")
    content = bytearray((tmp_path / "ct.nii").read_bytes())
    content[112:120] = np.array([0.5, -1024], "<f4").tobytes()
    content[352:] = ((tiny_head().T + 1024) / 0.5).astype("<i2").tobytes(order="F")
    (tmp_path / "ct.nii").write_bytes(content)
    assert np.array_equal(read_ct(tmp_path / "ct.nii").hu, tiny_head())


def test_nifti_2_and_pairs(tmp_path):
    nib.save(nib.Nifti2Image(tiny_head().T, AFFINE[:, [2, 1, 0, 3]]), tmp_path / "two.nii.gz")
    nib.save(nib.Nifti1Pair(tiny_head().T, AFFINE[:, [2, 1, 0, 3]]), tmp_path / "pair.hdr")
    for name in ("two.nii.gz", "pair.hdr", "pair.img"):
        ct = read_ct(tmp_path / name)
        assert np.allclose(ct.affine, AFFINE)
        assert np.array_equal(ct.hu, tiny_head())


def test_qform_alone_is_used(tmp_path):
    assert np.allclose(read_ct(save(tmp_path / "ct.nii", tiny_head(), AFFINE, sform=0)).affine, AFFINE, atol=1e-4)


def test_disagreeing_qform_and_sform_warn(tmp_path):
    image = nib.Nifti1Image(tiny_head().T, AFFINE[:, [2, 1, 0, 3]])
    moved = AFFINE[:, [2, 1, 0, 3]] @ np.diag([1, 1, 1, 1.0])
    moved[0, 3] += 12
    image.set_qform(moved, code=1)
    nib.save(image, tmp_path / "ct.nii")
    ct = read_ct(tmp_path / "ct.nii")
    assert np.allclose(ct.affine, AFFINE)
    assert any("disagree by up to 12.0 mm" in w for w in ct.warnings)


def test_no_orientation_at_all_warns(tmp_path):
    image = nib.Nifti1Image(tiny_head().T, None)
    image.header.set_zooms((6, 6, 7))
    nib.save(image, tmp_path / "ct.nii")
    assert any("left and right may be exchanged" in w for w in read_ct(tmp_path / "ct.nii").warnings)


def test_meters_become_millimeters(tmp_path):
    meters = AFFINE.copy()
    meters[:3] /= 1000
    image = nib.Nifti1Image(tiny_head().T, meters[:, [2, 1, 0, 3]])
    image.header.set_xyzt_units("meter")
    nib.save(image, tmp_path / "ct.nii")
    assert np.allclose(read_ct(tmp_path / "ct.nii").affine, AFFINE, rtol=1e-5)


@pytest.mark.parametrize("padding", [-1500, -2000, -3024])
def test_padding_becomes_air(tmp_path, padding):
    hu = tiny_head()
    hu[:, 0] = padding
    ct = read_ct(save(tmp_path / "ct.nii", hu, AFFINE))
    assert ct.hu.min() == -1024
    assert ct.metadata["padding_voxels"] == hu[:, 0].size


def test_one_volume_in_4d_is_taken(tmp_path):
    nib.save(nib.Nifti1Image(tiny_head().T[..., None], AFFINE[:, [2, 1, 0, 3]]), tmp_path / "ct.nii")
    assert read_ct(tmp_path / "ct.nii").shape == (16, 20, 22)


def test_a_tilt_that_was_turned_into_a_rotation_is_reported(tmp_path):
    """5 mm slices at 20 degrees, written by a converter whose qform cannot shear."""
    angle = np.radians(20)
    step = 5.0 / np.cos(angle)
    down, normal = np.array([0, -np.cos(angle), -np.sin(angle)]), np.array([0, -np.sin(angle), np.cos(angle)])
    affine = centered(np.stack([normal * step, down * 6, [-6.0, 0, 0]], axis=1), (16, 20, 22))
    ct = read_ct(save(tmp_path / "ct.nii", tiny_head(), affine))
    assert any("20.0 degrees" in w and "6.4 %" in w for w in ct.warnings)
    assert ct.metadata["tilt_corrected_volume_factor"] == pytest.approx(np.cos(angle), abs=1e-5)


def test_a_shear_is_kept_and_reported(tmp_path):
    affine = AFFINE.copy()
    affine[1, 0] = 7 * np.tan(np.radians(15))
    ct = read_ct(save(tmp_path / "ct.nii", tiny_head(), affine, qform=0))
    assert np.allclose(ct.affine, affine, rtol=1e-6)
    assert any("tilted by 15.0 degrees" in w for w in ct.warnings)
    assert ct.voxel_volume_ml == pytest.approx(6 * 6 * 7 / 1000, rel=1e-5)
