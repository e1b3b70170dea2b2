"""What tests of several parts share: a small head CT, on disk too, and a tiny model with random weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from harness.head_phantom import centered, grid_points, head_at
from harness.tiny_nnunet import random_weights, tiny_dataset, tiny_plans
from hemorrhage.head_ct import HeadCT

PROJECT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real head CT beside the project's folder."""
    folder = PROJECT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"real head CT is not at {folder}")
    return folder


@pytest.fixture(scope="session")
def phantom_ct() -> HeadCT:
    """A head of ellipsoids with noise: 20 slices of 8 mm, rows from the front, columns from the right as scanners store them."""
    shape = (20, 48, 40)
    affine = centered(np.array([[0.0, 0.0, -4.5], [0.0, -4.5, 0.0], [8.0, 0.0, 0.0]]), shape)
    hu = head_at(grid_points(shape, affine)) + np.random.default_rng(0).normal(0, 5, shape)
    return HeadCT(np.rint(hu).astype(np.float32), affine, source="phantom")


@pytest.fixture(scope="session")
def phantom_file(phantom_ct: HeadCT, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same CT as a NIfTI file."""
    import SimpleITK

    from hemorrhage.reading import to_simpleitk

    path = tmp_path_factory.mktemp("phantom") / "ct.nii.gz"
    SimpleITK.WriteImage(to_simpleitk(phantom_ct.hu.astype(np.int16), phantom_ct), str(path))
    return path


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder whose network says something different everywhere, at the phantom's spacing."""
    from hemorrhage.models import ModelCard, write_model_folder

    folder = tmp_path_factory.mktemp("models") / "tiny"
    plans, dataset = tiny_plans(spacing=(8.0, 4.5, 4.5)), tiny_dataset()
    card = ModelCard.model_validate(
        {
            "name": "tiny",
            "title": "Random weights",
            "classes": ["background", "IPH", "SDH"],
            "intended_use": "tests",
            "license": "Apache-2.0",
        }
    )
    write_model_folder(folder, card, random_weights(plans, dataset, "3d_fullres", 0), plans, dataset)
    return folder
