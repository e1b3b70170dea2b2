"""Whole simulated cases: reproducible, labeled inside the head, and refusing what cannot be simulated."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from hemorrhage.errors import ArgumentError, NotACTError
from hemorrhage.head_ct import HeadCT
from hemorrhage.simulation import SimulatedCase, load_base, simulate_head_ct
from hemorrhage.simulation.base import base_from_ct

SHAPE = (16, 96, 96)
TEMPLATE = Path(__file__).parents[4] / "shared" / "data" / "ct_template" / "scct_fullhead_HU_from_cormack.nii.gz"


@pytest.fixture(scope="module")
def case() -> SimulatedCase:
    return simulate_head_ct(3, classes=("IPH",), volume_ml=30, shape=SHAPE, raters=2)


def test_same_seed_gives_the_same_case(case):
    again = simulate_head_ct(3, classes=("IPH",), volume_ml=30, shape=SHAPE, raters=2)
    assert np.array_equal(case.ct.hu, again.ct.hu)
    assert np.array_equal(case.labels, again.labels)
    assert np.array_equal(case.ct.affine, again.ct.affine)
    assert all(np.array_equal(a, b) for a, b in zip(case.raters, again.raters, strict=True))


def test_what_was_asked_for_is_there(case):
    assert case.ct.shape == SHAPE == case.labels.shape
    assert case.labels.dtype == np.uint8
    assert set(np.unique(case.labels)) == {0, 2}
    volume = (case.labels == 2).sum() * case.ct.voxel_volume_ml
    assert 15 < volume < 40
    assert len(case.raters) == 2
    json.dumps(case.description)


def test_blood_is_denser_than_what_surrounds_it(case):
    blood = np.median(case.ct.hu[case.labels == 2])
    soft = case.ct.hu[(case.labels == 0) & (case.ct.hu > 10) & (case.ct.hu < 60)]
    assert blood > np.median(soft) + 8


@pytest.mark.parametrize("name", ["SDH", "EDH"])
def test_what_looks_like_bone_is_not_called_blood(name):
    case = simulate_head_ct(5, classes=(name,), volume_ml=25, shape=(16, 160, 160), mimics=False)
    blood = case.ct.hu[case.labels > 0]
    assert blood.size > 200
    assert np.quantile(blood, 0.98) < 135  # 110 before hardening and noise


def test_ct_looks_like_a_ct(case):
    hu = case.ct.hu
    assert np.isfinite(hu).all()
    assert np.array_equal(hu, np.rint(hu))
    assert hu.max() <= 3071
    assert (hu > 500).mean() > 0.005
    assert (hu < -900).mean() > 0.2


def test_an_empty_plan_gives_no_hemorrhage():
    assert not simulate_head_ct(4, classes=(), shape=SHAPE).labels.any()


@pytest.mark.parametrize(
    "arguments",
    [
        {"seed": -1},
        {"shape": (2, 64, 64)},
        {"shape": (16, 8, 64)},
        {"slice_thickness_mm": 0.0},
        {"pixel_mm": 50.0},
        {"volume_ml": 900.0},
        {"classes": ("ICH",)},
        {"raters": -1},
    ],
)
def test_what_cannot_be_simulated_is_refused(arguments):
    with pytest.raises(ArgumentError):
        simulate_head_ct(**({"seed": 0, "shape": SHAPE} | arguments))


def test_a_box_of_water_is_no_base():
    ct = HeadCT(np.zeros((20, 40, 40), np.float32), np.diag([5.0, 5, 5, 1])[[2, 1, 0, 3]])
    with pytest.raises(NotACTError, match="cranial cavity"):
        base_from_ct(ct)


@pytest.mark.skipif(not TEMPLATE.exists(), reason="the CT template is not beside the project")
def test_a_real_template_serves_as_base():
    base = load_base(TEMPLATE)
    case = simulate_head_ct(5, base=base, classes=("IPH",), volume_ml=20, shape=SHAPE)
    assert 8 < (case.labels > 0).sum() * case.ct.voxel_volume_ml < 30
    other = simulate_head_ct(6, base=base, classes=(), shape=SHAPE)
    assert not np.array_equal(case.ct.hu, other.ct.hu)


def test_a_simulated_ct_serves_as_base():
    base = base_from_ct(simulate_head_ct(7, classes=(), mimics=False, shape=(48, 128, 128), slice_thickness_mm=3.5).ct)
    assert 900 < base.intracranial.sum() * np.prod(base.spacing) / 1000 < 2000
