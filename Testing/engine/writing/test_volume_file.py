"""Maps written on the CT's grid, read back by other programs' libraries."""

import errno

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk

from harness.head_phantom import centered, tiny_head
from hemorrhage import HeadCT, read_ct
from hemorrhage.errors import ArgumentError, ResourceError
from hemorrhage.reading import from_simpleitk
from hemorrhage.writing.volume_file import write_volume

SHAPE = (16, 20, 22)
AFFINE = centered(np.array([[1.0, 0.5, -6], [0.4, -6, 0], [7, 0.2, 0]]), SHAPE)
# An orthogonal, oblique, left-handed grid.
AFFINE[:3, :3] = np.linalg.qr(AFFINE[:3, :3])[0] * [7.0, 5, 6]
SHEARED = centered(np.array([[0.0, 0, -6], [2, -6, 0], [7, 0, 0]]), SHAPE)
CT = HeadCT(tiny_head(), AFFINE)
PROBABILITIES = np.random.default_rng(0).random((6, *SHAPE)).astype(np.float32)


def test_label_map_lies_on_the_ct_in_simpleitk(tmp_path):
    labels = (CT.hu > 50).astype(np.uint8)
    image = sitk.ReadImage(str(write_volume(labels, CT, tmp_path / "labels.nii.gz")))
    assert image.GetPixelID() == sitk.sitkUInt8
    assert np.array_equal(sitk.GetArrayFromImage(image), labels)
    for index in ((0, 0, 0), (21, 3, 15)):
        assert np.allclose(
            np.array(image.TransformIndexToPhysicalPoint(index)) * [-1, -1, 1], AFFINE[:3] @ [*index[::-1], 1], atol=2e-3
        )


def test_one_volume_per_class_is_4d_nifti(tmp_path):
    path = write_volume(PROBABILITIES, CT, tmp_path / "p.nii.gz")
    image = nib.load(path)
    assert image.shape == (22, 20, 16, 6)
    assert np.allclose(image.affine, AFFINE[:, [2, 1, 0, 3]], rtol=1e-6, atol=1e-5)
    assert np.array_equal(np.asarray(image.dataobj).T, PROBABILITIES)
    other = sitk.ReadImage(str(path))
    assert other.GetDimension() == 4
    assert np.array_equal(sitk.GetArrayFromImage(other), PROBABILITIES)


@pytest.mark.parametrize("ending", ["nrrd", "mha"])
def test_one_volume_per_class_is_vectors_in_nrrd_and_metaimage(tmp_path, ending):
    image = sitk.ReadImage(str(write_volume(PROBABILITIES, CT, tmp_path / f"p.{ending}")))
    assert image.GetNumberOfComponentsPerPixel() == 6
    assert np.array_equal(np.moveaxis(sitk.GetArrayFromImage(image), -1, 0), PROBABILITIES)


def test_shear_is_exact_in_sform_and_nrrd_and_itk_can_open_both(tmp_path):
    ct = HeadCT(tiny_head(), SHEARED)
    path = write_volume(ct.hu, ct, tmp_path / "a.nii.gz")
    assert np.allclose(nib.load(path).affine, SHEARED[:, [2, 1, 0, 3]], rtol=1e-6)
    assert np.allclose(read_ct(path).affine, SHEARED, rtol=1e-6)
    assert sitk.ReadImage(str(path)).GetSize() == (22, 20, 16)
    exact = from_simpleitk(sitk.ReadImage(str(write_volume(ct.hu, ct, tmp_path / "a.nrrd"))))
    assert np.allclose(exact.affine, SHEARED, atol=1e-9)


@pytest.mark.parametrize(("sform", "qform"), [(1, 1), (2, 1), (4, 0), (0, 1), (1, 3)])
def test_header_geometry_of_the_input_is_kept(tmp_path, sform, qform):
    xyz = AFFINE[:, [2, 1, 0, 3]]
    image = nib.Nifti1Image(tiny_head().T, xyz)
    image.set_sform(xyz, sform)
    image.set_qform(xyz, qform)
    nib.save(image, tmp_path / "ct.nii.gz")
    ct = read_ct(tmp_path / "ct.nii.gz")
    written = nib.load(write_volume(ct.hu, ct, tmp_path / "map.nii.gz"))
    original = nib.load(tmp_path / "ct.nii.gz")
    assert np.allclose(written.affine, original.affine, rtol=0, atol=1e-5)
    assert np.allclose(written.header.get_zooms(), original.header.get_zooms(), atol=1e-5)
    if sform:
        assert written.header["sform_code"] == sform
        assert np.array_equal(written.get_sform(), original.get_sform())
    if qform:
        assert written.header["qform_code"] == qform
        assert np.allclose(written.get_qform(), original.get_qform(), atol=1e-4)
    a, b = (sitk.ReadImage(str(tmp_path / n)) for n in ("ct.nii.gz", "map.nii.gz"))
    assert np.allclose(a.GetDirection(), b.GetDirection(), atol=1e-5)
    assert np.allclose(a.GetOrigin(), b.GetOrigin(), atol=1e-4)


@pytest.mark.parametrize(
    ("kind", "stored"),
    [
        (bool, np.uint8),
        (np.uint8, np.uint8),
        (np.int16, np.int16),
        (np.float16, np.float32),
        (np.int64, np.int32),
        (np.float64, np.float64),
    ],
)
def test_types(tmp_path, kind, stored):
    array = np.ones(SHAPE, dtype=kind)
    assert nib.load(write_volume(array, CT, tmp_path / "a.nii")).get_data_dtype() == stored


def test_writing_twice_gives_the_same_bytes(tmp_path):
    a = write_volume(PROBABILITIES, CT, tmp_path / "a.nii.gz").read_bytes()
    assert write_volume(PROBABILITIES, CT, tmp_path / "b.nii.gz").read_bytes() == a


@pytest.mark.parametrize(
    ("array", "name", "sentence"),
    [
        (PROBABILITIES[0, 1:], "a.nii.gz", "does not lie on the CT's grid"),
        (PROBABILITIES[0, 0], "a.nii.gz", "does not lie on the CT's grid"),
        (PROBABILITIES[0], "a.png", "must end in"),
        (PROBABILITIES[0].astype(np.complex64), "a.nii.gz", "cannot be stored"),
        (np.full(SHAPE, 2**40), "a.nii.gz", "beyond 32 bits"),
    ],
)
def test_unusable_arguments(tmp_path, array, name, sentence):
    with pytest.raises(ArgumentError, match=sentence):
        write_volume(array, CT, tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_full_disk_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = write_volume(CT.hu, CT, tmp_path / "a.nii.gz")
    before = path.read_bytes()

    def full(*_args: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(nib.Nifti1Image, "to_filename", full)
    with pytest.raises(ResourceError, match="disk is full"):
        write_volume(CT.hu + 1, CT, path)
    assert [p.name for p in tmp_path.iterdir()] == ["a.nii.gz"]
    assert path.read_bytes() == before


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(ResourceError, match="cannot be written"):
        write_volume(CT.hu, CT, tmp_path / "nowhere" / "a.nii.gz")
