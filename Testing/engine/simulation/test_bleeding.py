"""Every subtype lies where it occurs, has the wanted volume, and pushes what it should push."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy import ndimage

from hemorrhage.errors import ArgumentError
from hemorrhage.hemorrhage_class import SIX_CLASSES, HemorrhageClass
from hemorrhage.simulation.anatomy import Anatomy
from hemorrhage.simulation.bleeding import BleedPlan, add_bleeding, draw_plan

SEEDS = range(4)


def bleed(head: Anatomy, seed: int, *plan: BleedPlan):
    return add_bleeding(np.random.default_rng(seed), head, plan)


@pytest.mark.parametrize("name", SIX_CLASSES[1:])
@pytest.mark.parametrize("seed", SEEDS)
def test_volume_is_reached(plain_head, name, seed):
    """The labels' volume is the planned one where there is room, and the description says what was achieved."""
    target = {"EDH": 4.0, "IVH": 3.0, "SAH": 3.0}.get(name, 8.0)
    pattern = {"SDH": "convexity", "IPH": "deep"}.get(name, "")
    result = bleed(plain_head, seed, BleedPlan(name, target, pattern))
    assert set(result.volumes_ml) == {name}
    assert result.volumes_ml[name] == pytest.approx(target, rel=0.1)
    assert result.description[0]["achieved_ml"] == pytest.approx(result.volumes_ml[name], abs=1e-3)
    json.dumps(result.description)


@pytest.mark.parametrize("name", SIX_CLASSES[1:])
def test_smallest_and_largest(plain_head, name):
    """0.05 mL and 150 mL neither fail nor leave the intracranial space."""
    for volume in (0.05, 150.0):
        result = bleed(plain_head, 1, BleedPlan(name, volume))
        labeled = result.labels > 0
        assert labeled.any()
        assert (plain_head.intracranial | ~labeled).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_edh_respects_sutures(plain_head, seed):
    """One piece, in touch with the inner table, on one side, never across a suture."""
    labels = bleed(plain_head, seed, BleedPlan("EDH", 20.0)).labels == HemorrhageClass.EDH
    assert plain_head.depth[labels].min() < 3.5
    assert plain_head.suture_distance[labels].min() > 0.9
    assert len(np.unique(np.sign(plain_head.midline[labels]))) == 1
    y = (np.argwhere(labels)[:, 1] - 51.5) * plain_head.spacing[1]
    plates = np.digitize(y, (-20, 50))
    assert len(np.unique(plates)) == 1


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("pattern", ["convexity", "falx", "tentorium"])
def test_sdh_on_one_side(plain_head, seed, pattern):
    result = bleed(plain_head, seed, BleedPlan("SDH", 6.0, pattern, side=-1))
    labels = result.labels == HemorrhageClass.SDH
    assert labels.any()
    assert (plain_head.midline[labels] < 0).all()
    fold = {"falx": plain_head.falx, "tentorium": plain_head.tentorium}.get(pattern)
    if fold is not None:
        assert ndimage.distance_transform_edt(~fold, sampling=plain_head.spacing)[labels].max() < 14


def test_large_convexity_sdh_crosses_sutures(plain_head):
    """A crescent of 60 mL spans more than one skull plate, unlike an epidural lens."""
    labels = bleed(plain_head, 3, BleedPlan("SDH", 60.0, "convexity")).labels > 0
    assert (plain_head.suture_distance[labels] < 1.0).any()


@pytest.mark.parametrize("seed", SEEDS)
def test_ivh_lies_below_its_level(plain_head, seed):
    """Layered blood fills the dependent (posterior) part: in every sagittal line nothing below blood is free of it."""
    result = bleed(plain_head, seed, BleedPlan("IVH", 2.0, "layering"))
    labels = result.labels == HemorrhageClass.IVH
    ventricles = result.anatomy.ventricles
    assert (ventricles | ~labels).all()
    rows = np.broadcast_to(np.arange(labels.shape[1])[None, :, None], labels.shape)
    assert rows[labels].mean() > rows[ventricles].mean() + 3
    highest = np.where(labels, rows, 999).min(axis=1, keepdims=True)
    below = ventricles & (rows > highest + 1) & (highest < 999)
    assert labels[below].mean() > 0.97


@pytest.mark.parametrize("seed", SEEDS)
def test_sah_lies_in_or_at_the_subarachnoid_space(plain_head, seed):
    result = bleed(plain_head, seed, BleedPlan("SAH", 4.0, "focal"))
    labels = result.labels == HemorrhageClass.SAH
    near = ndimage.binary_dilation(result.anatomy.csf, iterations=1)
    assert (near | ~labels).all()
    assert not (labels & result.anatomy.ventricles).any()
    assert result.anatomy.hu[labels].mean() > plain_head.hu[labels].mean() + 10


@pytest.mark.parametrize("pattern", ["deep", "lobar", "cerebellar", "pontine", "contusion"])
def test_iph_is_in_the_brain(plain_head, pattern):
    result = bleed(plain_head, 5, BleedPlan("IPH", 2.0, pattern, side=1))
    labels = result.labels == HemorrhageClass.IPH
    assert labels.any()
    assert not (labels & (result.anatomy.ventricles | result.anatomy.falx | result.anatomy.tentorium)).any()
    supratentorial = result.anatomy.supratentorial[labels].mean()
    assert supratentorial == 1 if pattern in ("deep", "lobar", "contusion") else supratentorial < 0.5
    assert result.hu[labels].mean() > 40


def test_iph_has_edema_around_it(plain_head):
    """Somewhere between 1 and 5 mm outside old hematomas white matter is darker than before."""
    drops = []
    for seed in range(6):
        result = bleed(plain_head, seed, BleedPlan("IPH", 15.0, "lobar", stage="subacute"))
        rim = (result.distance < -1) & (result.distance > -3) & (result.labels == 0) & result.anatomy.brain
        drops.append(32 - float(np.median(result.hu[rim])))
    assert np.median(drops) > 5


@pytest.mark.parametrize(("name", "pattern"), [("SDH", "convexity"), ("IPH", "lobar"), ("EDH", "")])
def test_mass_effect_shifts_the_midline_away_and_spares_the_skull(plain_head, name, pattern):
    """A large hematoma on the left pushes the third ventricle to the right; skull and small bleeds leave it in place."""
    third = plain_head.ventricles & (np.abs(plain_head.midline) < 5)
    before = np.argwhere(third)[:, 2].mean()
    large = bleed(plain_head, 2, BleedPlan(name, 90.0, pattern, side=1))
    moved = large.anatomy.ventricles & (np.abs(large.anatomy.midline) < 5)
    after = np.argwhere(moved & (large.labels == 0))[:, 2].mean()
    assert after < before - 0.5
    outside = ~plain_head.intracranial & (plain_head.tissue == 4)
    changed = np.abs(large.hu - plain_head.hu)[outside] > 1
    assert changed.mean() < 0.02  # a fracture at most
    small = bleed(plain_head, 2, BleedPlan(name, 0.2, pattern, side=1))
    assert np.array_equal(small.anatomy.ventricles, plain_head.ventricles)


def test_no_plan_changes_nothing_and_input_is_never_changed(plain_head):
    hu, tissue = plain_head.hu.copy(), plain_head.tissue.copy()
    none = bleed(plain_head, 0)
    assert np.array_equal(none.hu, hu)
    assert not none.labels.any()
    bleed(plain_head, 0, *(BleedPlan(n, 10.0) for n in SIX_CLASSES[1:]))
    assert np.array_equal(plain_head.hu, hu)
    assert np.array_equal(plain_head.tissue, tissue)


def test_same_seed_same_head(plain_head):
    plan = draw_plan(np.random.default_rng(11), ("IPH", "IVH", "SDH"))
    a, b = bleed(plain_head, 7, *plan), bleed(plain_head, 7, *plan)
    assert np.array_equal(a.hu, b.hu)
    assert np.array_equal(a.labels, b.labels)
    assert not np.array_equal(a.labels, bleed(plain_head, 8, *plan).labels)


def test_plans_cover_all_classes_sizes_and_none():
    """Over many heads: every class occurs, some heads have none, volumes span the stated range, some bleed twice."""
    rng = np.random.default_rng(0)
    plans = [draw_plan(rng) for _ in range(600)]
    names = {p.name for plan in plans for p in plan}
    volumes = np.array([p.volume_ml for plan in plans for p in plan])
    assert names == set(SIX_CLASSES[1:])
    assert 0.04 < np.mean([not plan for plan in plans]) < 0.2
    assert np.mean([len(plan) > 1 for plan in plans]) > 0.3
    assert volumes.min() >= 0.05
    assert volumes.max() <= 150
    assert np.quantile(volumes, 0.1) < 1.5
    assert np.quantile(volumes, 0.9) > 40


def test_plan_of_given_classes_and_volume():
    plan = draw_plan(np.random.default_rng(0), ("SAH", "IPH", "IPH"), 2.5)
    assert [p.name for p in plan] == ["SAH", "IPH", "IPH"]
    assert {p.volume_ml for p in plan} == {2.5}
    assert draw_plan(np.random.default_rng(0), ()) == []


@pytest.mark.parametrize(("classes", "volume"), [(("ICH",), None), (("background",), None), (("IPH",), 0.0), (("IPH",), 400.0)])
def test_bad_plans_are_refused(classes, volume):
    with pytest.raises(ArgumentError, match=r"choose from|give a volume"):
        draw_plan(np.random.default_rng(0), classes, volume)


def test_large_ivh_distends_the_ventricles(plain_head):
    """Blood beyond the ventricles' volume widens them, and the input keeps its own."""
    before = plain_head.ventricles.copy()
    room = before.sum() * np.prod(plain_head.spacing) / 1000
    result = bleed(plain_head, 0, BleedPlan("IVH", float(1.3 * room), "cast"))
    assert result.volumes_ml["IVH"] == pytest.approx(1.3 * room, rel=0.1)
    assert result.description[0]["ventricles_widened_mm"] > 0.5
    assert np.array_equal(plain_head.ventricles, before)
