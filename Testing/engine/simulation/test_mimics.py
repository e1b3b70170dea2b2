"""Mimics change HU where they should, and never where hemorrhage is labeled."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from hemorrhage.simulation.anatomy import Tissue
from hemorrhage.simulation.mimic_canvas import MimicCanvas
from hemorrhage.simulation.mimics import FINDINGS, add_mimics


@pytest.fixture(scope="module")
def labels(plain_head) -> np.ndarray:
    """Everything within 12 mm of the inner table on the left is hemorrhage."""
    return (plain_head.intracranial & (plain_head.depth < 12) & (plain_head.midline > 0)).astype(np.uint8) * 5


@pytest.mark.parametrize("seed", range(5))
def test_hemorrhage_keeps_its_density(plain_head, labels, seed):
    before = plain_head.hu.copy()
    hu, description = add_mimics(np.random.default_rng(seed), plain_head, plain_head.hu, labels, strength=3.0)
    assert description
    json.dumps(description)
    assert np.array_equal(hu[labels > 0], before[labels > 0])
    assert np.array_equal(plain_head.hu, before)
    assert np.isfinite(hu).all()
    assert hu.dtype == np.float32


@pytest.mark.parametrize("finding", list(FINDINGS), ids=lambda f: f.__name__)
def test_every_finding_can_be_seen(plain_head, finding):
    """Over a few draws each finding changes some voxels, and by the direction it stands for."""
    head = plain_head
    if finding.__name__ == "opacified_sinus":
        tissue = head.tissue.copy()
        air = (head.tissue == Tissue.BONE) & (np.arange(head.shape[1])[None, :, None] < 20)
        tissue[air] = Tissue.SINUS_AIR
        hu = head.hu.copy()
        hu[air] = -900
        head = replace(head, tissue=tissue, hu=hu)
    changes = []
    for seed in range(3):
        canvas = MimicCanvas(np.random.default_rng(seed), head, head.hu.copy(), np.ones(head.shape, bool))
        finding(canvas)
        difference = canvas.hu - head.hu
        changes.append(difference[np.abs(difference) > 1])
    changed = np.concatenate(changes)
    assert changed.size
    if finding.__module__.endswith("mimics_dark"):
        inside = [c for c in changed if abs(c) < 60]
        assert np.mean(inside) < 0
    else:
        assert np.quantile(changed, 0.98) > 0  # a dense tumor has dark edema around it


def test_strength_zero_adds_nothing(plain_head, labels):
    hu, description = add_mimics(np.random.default_rng(0), plain_head, plain_head.hu, labels, strength=0.0)
    assert description == []
    assert np.array_equal(hu, plain_head.hu)


def test_old_heads_have_more(plain_head):
    """White-matter disease and lacunes come with age."""
    none = np.zeros(plain_head.shape, np.uint8)

    def count(age: float) -> int:
        head = replace(plain_head, age=age)
        names = [d["finding"] for s in range(25) for d in add_mimics(np.random.default_rng(s), head, head.hu, none)[1]]
        return names.count("white_matter_disease") + names.count("lacunes")

    assert count(90.0) > count(30.0)


def test_same_seed_same_mimics(plain_head, labels):
    a, b = (add_mimics(np.random.default_rng(4), plain_head, plain_head.hu, labels) for _ in range(2))
    assert np.array_equal(a[0], b[0])
    assert a[1] == b[1]
