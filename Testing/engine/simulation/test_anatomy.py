"""Simulated heads: volumes, densities, geometry, and that every field means what it says."""

from __future__ import annotations

import numpy as np
import pytest

from hemorrhage.errors import ArgumentError
from hemorrhage.simulation.anatomy import LANDMARKS, Anatomy, Tissue, simulate_anatomy

SPACING = (3.0, 2.0, 2.0)
SEEDS = (0, 1)


@pytest.fixture(scope="module")
def heads() -> list[Anatomy]:
    return [simulate_anatomy(np.random.default_rng(seed), SPACING) for seed in SEEDS]


def _ml(mask: np.ndarray) -> float:
    return float(mask.sum() * np.prod(SPACING) / 1000)


def test_same_seed_gives_the_same_head(heads):
    again = simulate_anatomy(np.random.default_rng(SEEDS[0]), SPACING)
    assert np.array_equal(again.hu, heads[0].hu)
    assert np.array_equal(again.tissue, heads[0].tissue)
    assert again.shape != heads[1].shape or not np.array_equal(again.hu, heads[1].hu)


def test_volumes_are_those_of_adults(heads):
    for head in heads:
        assert 900 < _ml(head.brain) < 1800
        assert 1100 < _ml(head.intracranial) < 2100
        assert 4 < _ml(head.ventricles) < 160
        assert 0.65 < _ml(head.supratentorial) / _ml(head.intracranial) < 0.95


def test_densities_by_tissue(heads):
    for head in heads:
        mean = {t: float(np.median(head.hu[head.tissue == t])) for t in (Tissue.WHITE, Tissue.GREY, Tissue.BONE, Tissue.FAT)}
        assert 16 < mean[Tissue.WHITE] < 36
        assert mean[Tissue.WHITE] + 0.5 < mean[Tissue.GREY] < 46
        assert mean[Tissue.BONE] > 400
        assert -130 < mean[Tissue.FAT] < -50
        core = head.ventricles & (head.hu < 25)
        assert core.sum() > 0.5 * head.ventricles.sum()
        assert (head.hu[head.tissue == Tissue.AIR] < -300).mean() > 0.999


def test_compartments_are_inside_the_skull_and_apart(heads):
    for head in heads:
        for part in (head.brain, head.ventricles, head.csf, head.falx, head.tentorium, head.supratentorial):
            assert part.any()
            assert not (part & ~head.intracranial).any()
        assert not (head.brain & head.ventricles).any()
        assert not (head.csf & head.ventricles).any()
        assert not np.isin(head.tissue[head.intracranial], (Tissue.SKIN, Tissue.FAT, Tissue.TABLE)).any()


def test_depth_is_positive_exactly_inside(heads):
    for head in heads:
        assert ((head.depth > 0) == head.intracranial).all()
        assert 40 < head.depth.max() < 90


def test_midline_parts_left_from_right(heads):
    for head in heads:
        left = head.intracranial & (head.midline > 0)
        assert 0.42 < left.sum() / head.intracranial.sum() < 0.58
        columns = np.argwhere(left)[:, 2].mean(), np.argwhere(head.intracranial & (head.midline < 0))[:, 2].mean()
        assert columns[0] > columns[1]
        assert np.abs(head.midline[head.falx]).max() < 6


def test_affine_puts_superior_up_and_left_to_the_left(heads):
    head = heads[0]
    matrix = head.affine[:3, :3]
    assert np.allclose(np.linalg.norm(matrix, axis=0), SPACING)
    assert matrix[2, 0] > 0  # slices to superior
    assert matrix[1, 1] < 0  # rows to posterior
    assert matrix[0, 2] < 0  # columns to left


def test_landmarks_lie_where_they_are_named(heads):
    for head in heads:
        assert set(head.landmarks) == set(LANDMARKS)
        for name, position in head.landmarks.items():
            index = tuple(np.round(position).astype(int))
            assert head.intracranial[index], name
            if name.endswith("_left"):
                assert head.midline[index] > 0
                assert head.landmarks[name.replace("left", "right")][2] < position[2]
        assert head.landmarks["frontal_left"][1] < head.landmarks["occipital_left"][1]
        assert not head.supratentorial[tuple(np.round(head.landmarks["cerebellum_left"]).astype(int))]
        assert head.supratentorial[tuple(np.round(head.landmarks["thalamus_left"]).astype(int))]


def test_skull_encloses_the_vault(heads):
    """Leaving the cavity upward, one meets bone before air."""
    for head in heads:
        top = round(float(head.landmarks["thalamus_left"][0]))
        column = head.tissue[top:, int(head.landmarks["pons"][1]), int(head.landmarks["thalamus_left"][2])]
        assert np.isin(column, (Tissue.BONE, Tissue.DIPLOE)).any()


def test_old_heads_have_more_csf():
    from hemorrhage.simulation.head_parameters import draw_head_parameters

    draws = [draw_head_parameters(np.random.default_rng(s)) for s in range(200)]
    old = np.mean([d.atrophy for d in draws if d.age > 75])
    young = np.mean([d.atrophy for d in draws if d.age < 40])
    assert old > young + 0.3


@pytest.mark.parametrize("spacing", [(0.1, 1, 1), (1, 1, 9), (1, 1)])
def test_unusable_spacing_is_refused(spacing):
    with pytest.raises(ArgumentError, match="spacing"):
        simulate_anatomy(np.random.default_rng(0), spacing)


def test_surgery_opens_the_skull(monkeypatch):
    from hemorrhage.simulation import surgery

    plain = simulate_anatomy(np.random.default_rng(4), (4.0, 3.0, 3.0))
    monkeypatch.setattr(surgery, "CHANCES", {"burr_hole": 0, "bone_flap": 0, "missing_flap": 1, "ventricular_drain": 0})
    opened = simulate_anatomy(np.random.default_rng(4), (4.0, 3.0, 3.0))
    assert set(opened.parameters["surgery"]) == {"missing_flap"}
    bone = [np.isin(a.tissue, (Tissue.BONE, Tissue.DIPLOE)).sum() for a in (plain, opened)]
    assert bone[1] < 0.97 * bone[0]
    assert np.array_equal(plain.brain, opened.brain)
