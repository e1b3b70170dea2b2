"""Raters follow the distribution that the module states."""

from __future__ import annotations

import numpy as np
import pytest

from hemorrhage.errors import ArgumentError
from hemorrhage.simulation.raters import RaterModel, draw_raters

EXACT = RaterModel(offset_sd_mm=0.0, field_sd_mm=0.0, miss_probability=0.0)


def ball(radius_mm: float, spacing: tuple[float, float, float], label: int = 2) -> np.ndarray:
    """A ball in the middle of a box of 60 mm."""
    shape = [int(60 / s) for s in spacing]
    z, y, x = np.meshgrid(*[(np.arange(n) - (n - 1) / 2) * s for n, s in zip(shape, spacing, strict=True)], indexing="ij")
    return ((z**2 + y**2 + x**2 < radius_mm**2) * label).astype(np.uint8)


def test_without_spread_every_rater_is_the_reference():
    labels = ball(12, (2.5, 1, 1))
    labels[:3, :20, :20] = 5
    for rater in draw_raters(np.random.default_rng(0), labels, 3, (2.5, 1, 1), model=EXACT):
        assert np.array_equal(rater, labels)


@pytest.mark.parametrize("offset", [-2.0, -1.0, 1.0, 2.0])
def test_offset_moves_the_boundary_by_as_many_millimeters(offset):
    """A ball of 15 mm becomes a ball of 15 mm + offset (volumes turned into radii)."""
    labels = ball(15, (1, 1, 1))
    (rater,) = draw_raters(np.random.default_rng(0), labels, 1, (1, 1, 1), model=EXACT, offsets_mm=[offset])
    radius = [(3 * (m > 0).sum() / (4 * np.pi)) ** (1 / 3) for m in (labels, rater)]
    assert radius[1] - radius[0] == pytest.approx(offset, abs=0.4)


def test_measured_distribution_is_the_stated_one():
    """Mean boundary at the reference, standard deviation sqrt(offset^2 + residual field^2), from 80 raters' volumes."""
    model = RaterModel(offset_sd_mm=0.8, field_sd_mm=0.0, miss_probability=0.0)
    labels = ball(15, (1, 1, 1))
    raters = draw_raters(np.random.default_rng(3), labels, 80, (1, 1, 1), model=model)
    radius = np.array([(3 * (m > 0).sum() / (4 * np.pi)) ** (1 / 3) for m in raters])
    assert radius.mean() == pytest.approx(15, abs=3.5 * 0.8 / np.sqrt(80))
    assert radius.std() == pytest.approx(0.8, rel=0.3)


def test_boundary_field_spreads_the_boundary_locally():
    """Along a ray, the boundary's standard deviation is the field's, and neighbors agree while far sides do not."""
    model = RaterModel(offset_sd_mm=0.0, field_sd_mm=1.5, field_grain_mm=6.0, miss_probability=0.0)
    labels = ball(15, (1, 1, 1))
    raters = np.array(draw_raters(np.random.default_rng(1), labels, 120, (1, 1, 1), model=model)) > 0
    right, left = raters[:, 30, 30, 30:].sum(1), raters[:, 30, 30, :30].sum(1)
    assert right.std() == pytest.approx(1.5, rel=0.3)
    assert abs(np.corrcoef(left, right)[0, 1]) < 0.3
    assert np.corrcoef(right, raters[:, 30, 32, 30:].sum(1))[0, 1] > 0.6


def test_raters_differ_and_the_reference_lies_between_them():
    labels = ball(10, (5, 0.9, 0.9))
    raters = draw_raters(np.random.default_rng(5), labels, 7, (5, 0.9, 0.9))
    volumes = [(m > 0).sum() for m in raters]
    assert len({m.tobytes() for m in raters}) == 7
    assert min(volumes) < (labels > 0).sum() < max(volumes)


def test_small_and_faint_lesions_are_missed_as_often_as_stated():
    model = RaterModel(offset_sd_mm=0.0, field_sd_mm=0.0, miss_probability=0.6, miss_volume_ml=0.1)
    labels = np.zeros((20, 60, 60), np.uint8)
    labels[4:7, 5:8, 5:8] = 4  # 0.027 mL
    labels[5:15, 30:50, 30:50] = 4  # 4 mL
    raters = draw_raters(np.random.default_rng(0), labels, 400, (1, 1, 1), model=model)
    missed = 1 - np.mean([m[5, 6, 6] > 0 for m in raters])
    assert missed == pytest.approx(0.6 * np.exp(-0.27), abs=0.08)
    assert all((m[10, 40, 40] == 4) for m in raters)
    hu = np.where(labels > 0, 36.0, 30.0).astype(np.float32)
    faint = draw_raters(np.random.default_rng(0), labels, 400, (1, 1, 1), model=model, hu=hu)
    assert 1 - np.mean([m[5, 6, 6] > 0 for m in faint]) > missed


def test_raters_stay_inside_and_keep_classes_apart():
    labels = np.zeros((10, 40, 40), np.uint8)
    labels[2:8, 10:20, 10:30] = 5
    labels[2:8, 20:30, 10:30] = 2
    allowed = np.zeros(labels.shape, bool)
    allowed[:, 8:, :] = True
    for rater in draw_raters(np.random.default_rng(0), labels, 4, (1, 1, 1), allowed=allowed):
        assert not rater[~allowed].any()
        assert set(np.unique(rater)) == {0, 2, 5}
        assert (rater[5, 14, 15:25] == 5).all()
        assert (rater[5, 26, 15:25] == 2).all()


def test_empty_reference_and_no_raters():
    empty = np.zeros((5, 8, 8), np.uint8)
    assert draw_raters(np.random.default_rng(0), empty, 0, (1, 1, 1)) == []
    assert not any(m.any() for m in draw_raters(np.random.default_rng(0), empty, 2, (1, 1, 1)))


def test_same_seed_same_raters():
    labels = ball(8, (2, 1, 1))
    a, b = (draw_raters(np.random.default_rng(9), labels, 3, (2, 1, 1)) for _ in range(2))
    assert all(np.array_equal(m, n) for m, n in zip(a, b, strict=True))


def test_bad_arguments_are_refused():
    labels = ball(8, (2, 1, 1))
    rng = np.random.default_rng(0)
    with pytest.raises(ArgumentError, match="at least 0"):
        draw_raters(rng, labels, -1, (2, 1, 1))
    with pytest.raises(ArgumentError, match="offset each"):
        draw_raters(rng, labels, 2, (2, 1, 1), offsets_mm=[0.1])
    with pytest.raises(ArgumentError, match="shape"):
        draw_raters(rng, labels, 1, (2, 1, 1), hu=np.zeros((2, 2, 2), np.float32))
    with pytest.raises(ArgumentError, match="must not be negative"):
        RaterModel(offset_sd_mm=-1)
    with pytest.raises(ArgumentError, match=r"\[0, 1\]"):
        RaterModel(miss_probability=1.5)
