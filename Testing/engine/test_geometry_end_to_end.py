"""Real input: every map lies on exactly the input's grid in physical space, as SimpleITK sees it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import hemorrhage

pytestmark = pytest.mark.usefixtures("shared_data")

MAPS = ("labels", "probabilities", "variance", "entropy", "mutual_information")


@pytest.fixture(scope="module")
def coarse_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random weights at a coarse spacing, so that 512 x 512 pixels cost little."""
    from harness.tiny_nnunet import random_weights, tiny_dataset, tiny_plans
    from hemorrhage.models import ModelCard, write_model_folder

    folder = tmp_path_factory.mktemp("models") / "coarse"
    plans, dataset = tiny_plans(spacing=(8.0, 5.0, 5.0)), tiny_dataset()
    card = ModelCard(
        name="coarse", title="Random", classes=["background", "IPH", "SDH"], intended_use="tests", license="Apache-2.0"
    )
    write_model_folder(folder, card, random_weights(plans, dataset, "3d_fullres", 0), plans, dataset)
    return folder


@pytest.fixture(scope="module")
def tilted(shared_data: Path, coarse_model: Path, tmp_path_factory: pytest.TempPathFactory):
    """The real tilted CT, its slices' headers, its result, and the folder where that was written."""
    import pydicom

    source = shared_data / "ge_hispeed_tilted_head_ct"
    result = hemorrhage.segment(source, coarse_model, samples=1, device="cpu")
    files = [path for path in sorted(source.rglob("*")) if path.is_file() and pydicom.misc.is_dicom(path)]
    headers = [each for each in map(pydicom.dcmread, files) if "ImagePositionPatient" in each]
    return headers, result, result.save(tmp_path_factory.mktemp("tilted") / "out")


def corners(image) -> np.ndarray:
    """Physical positions (L, P, S in mm) of the eight corner voxels."""
    size = image.GetSize()[:3]
    indices = [[(n - 1) * bit for n, bit in zip(size, bits, strict=True)] for bits in np.ndindex(2, 2, 2)]
    return np.array([image.TransformIndexToPhysicalPoint(index) for index in indices])


def test_template(shared_data, coarse_model, tmp_path):
    import SimpleITK

    path = shared_data / "ct_template" / "scct_fullhead_HU_from_cormack.nii.gz"
    folder = hemorrhage.segment(path, coarse_model, samples=1, device="cpu").save(tmp_path / "out")
    template = SimpleITK.ReadImage(str(path))
    for name in MAPS:
        written = SimpleITK.ReadImage(str(folder / f"{name}.nii.gz"))
        assert written.GetSize()[:3] == template.GetSize()
        if written.GetDimension() == 3:
            np.testing.assert_allclose(corners(written), corners(template), atol=1e-3)


def test_slices_of_tilted_dicom_lie_inside_the_grid(tilted):
    """The first pixel of every source slice is where the affine says that there is a voxel."""
    headers, result, _ = tilted
    assert len(headers) == 28
    to_index = np.linalg.inv(result.ct.affine)
    for header in headers:
        right, front, up = np.array(header.ImagePositionPatient, float) * (-1, -1, 1)
        index = (to_index @ [right, front, up, 1.0])[:3]
        assert (index > -0.51).all()
        assert (index < np.array(result.ct.shape) - 0.49).all()


def test_tilt_is_in_the_written_files(tilted):
    """NIfTI's sform holds the shear exactly (a qform could not)."""
    import nibabel

    _, result, folder = tilted
    for name in MAPS:
        written = nibabel.load(folder / f"{name}.nii.gz")
        assert written.shape[:3] == result.ct.shape[::-1]
        np.testing.assert_allclose(written.affine[:, [2, 1, 0, 3]], result.ct.affine, atol=1e-3)
