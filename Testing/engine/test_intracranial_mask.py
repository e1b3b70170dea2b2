"""The space inside the skull, against the simulator's truth and on a real CT."""

from dataclasses import replace

import numpy as np
import pytest

from hemorrhage import read_ct, simulate_head_ct
from hemorrhage.head_ct import HeadCT
from hemorrhage.intracranial_mask import intracranial_mask
from hemorrhage.simulation import head_ct_simulation, surgery
from hemorrhage.simulation.head_ct_simulation import SimulatedCase


def dice(found: np.ndarray, true: np.ndarray) -> float:
    return 2 * (found & true).sum() / (found.sum() + true.sum())


@pytest.fixture(scope="module")
def case() -> SimulatedCase:
    return simulate_head_ct(1010, shape=(24, 128, 128), intracranial=True)


@pytest.mark.parametrize(
    ("seed", "shape", "thickness"), [(1006, (22, 160, 160), 7.0), (1013, (48, 128, 128), 3.0), (1003, (96, 112, 112), 1.6)]
)
def test_agrees_with_the_truth(seed, shape, thickness):
    """Thick slices with a burr hole, a head cut off by the field of view, thin slices."""
    simulated = simulate_head_ct(seed, shape=shape, slice_thickness_mm=thickness, intracranial=True)
    assert dice(intracranial_mask(simulated.ct), simulated.intracranial) > 0.97


def test_missing_bone_metal_tilt_and_neck(monkeypatch):
    def hard(*arguments):
        return replace(draw(*arguments), metal=True, tilt_deg=20.0, noise_hu=8.0)

    draw = head_ct_simulation.draw_acquisition
    monkeypatch.setattr(head_ct_simulation, "draw_acquisition", hard)
    monkeypatch.setattr(surgery, "CHANCES", surgery.CHANCES | {"bone_flap": 0.0, "missing_flap": 1.0})
    simulated = simulate_head_ct(3, shape=(48, 128, 128), slice_thickness_mm=4.5, intracranial=True)
    assert simulated.description["anatomy"]["surgery"]["missing_flap"]["radius_mm"] > 35
    assert dice(intracranial_mask(simulated.ct), simulated.intracranial) > 0.97


@pytest.mark.parametrize(("order", "flips"), [((0, 1, 2), (0,)), ((2, 0, 1), (1, 2)), ((1, 2, 0), ())])
def test_lies_on_the_grid_of_the_ct_however_it_is_stored(case, order, flips):
    """The same CT with permuted and mirrored axes has the permuted and mirrored mask."""
    matrix = case.ct.affine[:, [*order, 3]].copy()
    hu = case.ct.hu.transpose(order)
    for axis in flips:
        matrix[:, 3] += matrix[:, axis] * (hu.shape[axis] - 1)
        matrix[:, axis] *= -1
    stored = HeadCT(np.flip(hu, flips), matrix)
    expected = np.flip(intracranial_mask(case.ct).transpose(order), flips)
    # Blocks of voxels begin at the other end where an axis is mirrored.
    assert dice(intracranial_mask(stored), expected) > 0.995


def test_nothing_without_a_skull():
    ball = np.linalg.norm(np.indices((20, 64, 64)) - np.array([10, 32, 32])[:, None, None, None], axis=0) < 28
    affine = np.diag([-3.0, -3.0, 5.0, 1.0])[[2, 1, 0, 3]].T
    for hu in (np.full((20, 64, 64), -1000.0), np.where(ball, 40.0, -1000.0)):
        assert intracranial_mask(HeadCT(hu.astype(np.float32), affine)) is None


def test_truth_holds_all_blood_and_changes_nothing_else(case):
    assert case.intracranial[case.labels > 0].all()
    plain = simulate_head_ct(1010, shape=(24, 128, 128))
    assert plain.intracranial is None
    assert np.array_equal(plain.ct.hu, case.ct.hu)


def test_brain_volume_of_a_real_tilted_ct(shared_data):
    """An independent network finds 1483 mL there."""
    ct = read_ct(shared_data / "ge_hispeed_tilted_head_ct")
    assert 1300 < intracranial_mask(ct).sum() * ct.voxel_volume_ml < 1650
