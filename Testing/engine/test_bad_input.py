"""Every kind of unusable input ends in one clear sentence of the right type, which names the file."""

import gzip
import os
from collections.abc import Callable
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk

from harness.head_phantom import centered, tiny_head
from hemorrhage import read_ct
from hemorrhage.errors import ExitCode, GeometryError, HemorrhageError, NotACTError, NotAVolumeError, UnreadableInputError

SHAPE = (16, 20, 22)
AFFINE = centered(np.array([[0.0, 0, -6], [0, -6, 0], [7, 0, 0]]), SHAPE)
XYZ = AFFINE[:, [2, 1, 0, 3]]


def nifti(path: Path, array: np.ndarray, affine: np.ndarray = XYZ) -> Path:
    nib.save(nib.Nifti1Image(array, affine), path)
    return path


def with_pixdim(path: Path, values: tuple[float, float, float]) -> Path:
    """A NIfTI file whose stored spacing is patched, as no library would write it."""
    nifti(path, tiny_head().T)
    content = bytearray(path.read_bytes())
    content[80:92] = np.array(values, "<f4").tobytes()
    path.write_bytes(content)
    return path


def image(path: Path, array: np.ndarray, compress: bool = False, **settings: object) -> Path:
    made = sitk.GetImageFromArray(array, **settings)
    made.SetSpacing([6.0, 6.0, 7.0, 1.0][: made.GetDimension()])
    sitk.WriteImage(made, str(path), compress)
    return path


def with_value(value: float) -> np.ndarray:
    hu = tiny_head()
    hu[3, 4, 5] = value
    return hu.T


def cut(path: Path, share: float) -> Path:
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    return path


def damaged_gzip(path: Path) -> Path:
    nifti(path, np.random.default_rng(0).normal(tiny_head().T, 5).astype(np.float32))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    return path


def rgb_nifti(path: Path) -> Path:
    array = np.zeros(SHAPE[::-1], dtype=[("R", "u1"), ("G", "u1"), ("B", "u1")])
    return nifti(path, array)


def abdomen() -> np.ndarray:
    """A body of 280 x 200 mm of soft tissue with a spine and no skull."""
    points = np.stack(np.meshgrid(*(np.linspace(-150, 150, n) for n in (20, 60, 60)), indexing="ij"), axis=-1)
    hu = np.where(np.hypot(points[..., 1] / 100, points[..., 2] / 140) < 1, 40.0, -1000.0)
    hu[np.hypot(points[..., 1] + 70, points[..., 2]) < 18] = 500
    return hu.astype(np.float32)


def phantom_without_bone() -> np.ndarray:
    hu = np.where(tiny_head() > 500, 120, tiny_head())
    hu[0, 0, 0] = 400
    return hu


MRI = np.abs(tiny_head() * 0.7).astype(np.float32)

CASES: dict[str, tuple[type[HemorrhageError], str, Callable[[Path], Path]]] = {
    "does not exist": (UnreadableInputError, "does not exist", lambda d: d / "nothing.nii.gz"),
    "empty folder": (UnreadableInputError, "no DICOM file", lambda d: d),
    "empty file": (UnreadableInputError, "0 bytes", lambda d: ((d / "a.nii").write_bytes(b"") and d) or d / "a.nii"),
    "unknown format": (UnreadableInputError, "unknown format", lambda d: (d / "a.jpg").write_bytes(b"jpeg") and d / "a.jpg"),
    "text named NIfTI": (
        UnreadableInputError,
        "cannot be read",
        lambda d: (d / "a.nii").write_bytes(b"hello" * 99) and d / "a.nii",
    ),
    "text named gzip": (
        UnreadableInputError,
        "cannot be read",
        lambda d: (d / "a.nii.gz").write_bytes(b"hello" * 99) and d / "a.nii.gz",
    ),
    "text in gzip": (
        UnreadableInputError,
        "cannot be read",
        lambda d: (d / "a.nii.gz").write_bytes(gzip.compress(b"hello" * 99)) and d / "a.nii.gz",
    ),
    "text named NRRD": (
        UnreadableInputError,
        "cannot be read",
        lambda d: (d / "a.nrrd").write_bytes(b"hello" * 99) and d / "a.nrrd",
    ),
    "text named MetaImage": (
        UnreadableInputError,
        "cannot be read",
        lambda d: (d / "a.mha").write_bytes(b"hello" * 99) and d / "a.mha",
    ),
    "text named DICOM": (UnreadableInputError, "corrupt", lambda d: (d / "a.dcm").write_bytes(b"hello" * 99) and d / "a.dcm"),
    "truncated NIfTI": (UnreadableInputError, "truncated", lambda d: cut(nifti(d / "a.nii", tiny_head().T), 0.6)),
    "truncated header": (UnreadableInputError, "truncated", lambda d: cut(nifti(d / "a.nii", tiny_head().T), 0.005)),
    "truncated gzip": (UnreadableInputError, "truncated", lambda d: cut(nifti(d / "a.nii.gz", tiny_head().T), 0.6)),
    "damaged gzip": (UnreadableInputError, "corrupt", lambda d: damaged_gzip(d / "a.nii.gz")),
    "truncated NRRD": (UnreadableInputError, "truncated", lambda d: cut(image(d / "a.nrrd", tiny_head()), 0.6)),
    "truncated MetaImage": (UnreadableInputError, "truncated", lambda d: cut(image(d / "a.mha", tiny_head()), 0.6)),
    "truncated compressed MetaImage": (
        UnreadableInputError,
        "truncated",
        lambda d: cut(image(d / "a.mha", tiny_head(), compress=True), 0.6),
    ),
    "MetaImage without its data": (UnreadableInputError, "not beside it", lambda d: without_data(d / "a.mhd")),
    "Analyze": (UnreadableInputError, "Analyze", lambda d: analyze(d / "a.hdr")),
    "2D": (NotAVolumeError, "2 dimensions", lambda d: nifti(d / "a.nii", tiny_head()[8])),
    "one slice": (NotAVolumeError, "at least 3 slices", lambda d: nifti(d / "a.nii", tiny_head()[8:9].T)),
    "two slices": (NotAVolumeError, "at least 3 slices", lambda d: image(d / "a.nrrd", tiny_head()[8:10])),
    "4D": (NotAVolumeError, "2 volumes", lambda d: nifti(d / "a.nii", np.stack([tiny_head().T] * 2, axis=-1))),
    "4D MetaImage": (NotAVolumeError, "4 dimensions", lambda d: image(d / "a.mha", np.stack([tiny_head()] * 2), isVector=False)),
    "2D MetaImage": (NotAVolumeError, "2 dimensions", lambda d: image(d / "a.mha", tiny_head()[8])),
    "RGB NIfTI": (NotAVolumeError, "RGB", lambda d: rgb_nifti(d / "a.nii")),
    "RGB NRRD": (NotAVolumeError, "color", lambda d: image(d / "a.nrrd", np.zeros((*SHAPE, 3), np.uint8), isVector=True)),
    "complex": (NotAVolumeError, "complex", lambda d: nifti(d / "a.nii", tiny_head().T.astype(np.complex64))),
    "NaN": (NotACTError, "1 voxels that are NaN", lambda d: nifti(d / "a.nii", with_value(np.nan))),
    "infinite": (NotACTError, "infinite", lambda d: nifti(d / "a.nii.gz", with_value(np.inf))),
    "minus infinite": (NotACTError, "infinite", lambda d: nifti(d / "a.nii.gz", with_value(-np.inf))),
    "MR": (NotACTError, "from 24.5 to 700", lambda d: nifti(d / "a.nii", MRI.T)),
    "bright MR": (NotACTError, "from 0 to 1400.*MR", lambda d: nifti(d / "a.nii", (MRI.T - 24.5).clip(0) / 675.5 * 1400)),
    "rescaled to bytes": (
        NotACTError,
        "from 0 to 255",
        lambda d: nifti(d / "a.nii", ((tiny_head().T + 1000) / 2000 * 255).astype(np.uint8)),
    ),
    "rescaled to 0..1": (NotACTError, "from 0 to 1,", lambda d: nifti(d / "a.nii", (tiny_head().T + 1000) / 2000)),
    "z-scores": (NotACTError, "not Hounsfield", lambda d: nifti(d / "a.nii", (tiny_head().T - 10) / 500)),
    "windowed": (NotACTError, "from 0 to 80", lambda d: image(d / "a.nrrd", tiny_head().clip(0, 80))),
    "windowed with air": (NotACTError, "to 100", lambda d: image(d / "a.nrrd", tiny_head().clip(-1000, 100))),
    "no rescale intercept": (NotACTError, "rescale intercept", lambda d: nifti(d / "a.nii", tiny_head().T + 1000)),
    "label map": (NotACTError, "label map", lambda d: nifti(d / "a.nii", (tiny_head().T == 35).astype(np.uint8))),
    "constant": (NotACTError, "from -1000 to -1000", lambda d: nifti(d / "a.nii", np.full(SHAPE, -1000, np.int16))),
    "absurd values": (NotACTError, "at most 40000", lambda d: nifti(d / "a.nii", with_value(1e6))),
    "air with a table": (
        NotACTError,
        "no head",
        lambda d: nifti(d / "a.nii", np.where(tiny_head().T > 500, 500, -1000).astype(np.float32)),
    ),
    "water phantom": (NotACTError, "no head", lambda d: nifti(d / "a.nii", phantom_without_bone().T)),
    "noise": (
        NotACTError,
        "no head",
        lambda d: nifti(d / "a.nii", np.random.default_rng(0).normal(0, 400, SHAPE).astype(np.float32)),
    ),
    "abdomen": (NotACTError, "no head", lambda d: nifti(d / "a.nii", abdomen().T, np.diag([5.0, 5, 10, 1]))),
    "zero spacing": (GeometryError, "0 x 6 x 7", lambda d: with_pixdim(d / "a.nii", (0, 6, 7))),
    "negative spacing": (GeometryError, "-6 x 6 x 7", lambda d: with_pixdim(d / "a.nii", (-6, 6, 7))),
    "NaN spacing": (GeometryError, "nan", lambda d: with_pixdim(d / "a.nii", (np.nan, 6, 7))),
    "tiny spacing": (
        GeometryError,
        "between 0.1 and 15 mm",
        lambda d: nifti(d / "a.nii", tiny_head().T, XYZ @ np.diag([0.001] * 3 + [1])),
    ),
    "huge spacing": (
        GeometryError,
        "between 0.1 and 15 mm",
        lambda d: nifti(d / "a.nii", tiny_head().T, XYZ @ np.diag([100.0] * 3 + [1])),
    ),
    "too long": (GeometryError, "crop it", lambda d: nifti(d / "a.nii", tiny_head((160, 20, 22)).T)),
    "zero spacing in NRRD": (GeometryError, "zero", lambda d: patched(d / "a.nrrd", b"(6,0,0)", b"(0,0,0)")),
    "zero spacing in MetaImage": (
        GeometryError,
        "0 x 6 x 7",
        lambda d: patched(d / "a.mha", b"ElementSpacing = 6", b"ElementSpacing = 0"),
    ),
    "negative spacing in MetaImage": (
        GeometryError,
        "-6 x 6 x 7",
        lambda d: patched(d / "a.mha", b"ElementSpacing = 6", b"ElementSpacing = -6"),
    ),
    "singular orientation": (GeometryError, "singular", lambda d: singular(d / "a.nii")),
}


def without_data(path: Path) -> Path:
    image(path, tiny_head())
    path.with_suffix(".raw").unlink()
    return path


def analyze(path: Path) -> Path:
    nib.save(nib.AnalyzeImage(tiny_head().T, XYZ), path)
    return path


def patched(path: Path, old: bytes, new: bytes) -> Path:
    image(path, tiny_head())
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new))
    return path


def singular(path: Path) -> Path:
    made = nib.Nifti1Image(tiny_head().T, None)
    made.header.set_zooms((6, 6, 7))
    made.header["sform_code"] = 1
    for row in ("srow_x", "srow_y", "srow_z"):
        made.header[row] = [6, 6, 7, 0]
    made.to_filename(path)
    content = bytearray(path.read_bytes())
    content[252:256] = np.array([0, 1], "<i2").tobytes()
    content[280:328] = np.tile(np.array([6, 6, 7, 0], "<f4"), 3).tobytes()
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("case", CASES)
def test_bad_input(tmp_path, case, capfd):
    kind, sentence, make = CASES[case]
    path = make(tmp_path)
    with pytest.raises(kind, match=sentence) as caught:
        read_ct(path)
    message = str(caught.value)
    assert str(path) in message
    assert "\n" not in message
    assert caught.value.exit_code == ExitCode.UNUSABLE_INPUT
    assert capfd.readouterr().err == "", "libraries must not write beside the one sentence"


def test_unusable_sform_with_a_good_qform_is_read_with_a_warning(tmp_path):
    nifti(tmp_path / "a.nii", tiny_head().T)
    content = bytearray((tmp_path / "a.nii").read_bytes())
    content[252:256] = np.array([1, 1], "<i2").tobytes()
    content[280:328] = bytes(48)
    (tmp_path / "a.nii").write_bytes(content)
    ct = read_ct(tmp_path / "a.nii")
    assert any("sform is unusable" in w for w in ct.warnings)


@pytest.mark.skipif(os.geteuid() == 0, reason="the administrator may read everything")
def test_unreadable_file(tmp_path):
    path = nifti(tmp_path / "a.nii", tiny_head().T)
    path.chmod(0)
    with pytest.raises(UnreadableInputError):
        read_ct(path)


def test_the_good_one_is_read(tmp_path):
    """The file that all cases are made from."""
    assert np.array_equal(read_ct(nifti(tmp_path / "a.nii", tiny_head().T)).hu, tiny_head())
