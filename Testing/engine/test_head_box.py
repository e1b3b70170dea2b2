"""The box of the head: all of the head, little else."""

from __future__ import annotations

import numpy as np
import pytest

from hemorrhage.head_box import head_box, intracranial_box
from hemorrhage.head_ct import HeadCT


def head_in_air(spacing: tuple[float, float, float], table: bool, center=(0.0, 0.0, 0.0)) -> tuple[HeadCT, np.ndarray]:
    size = [int(240 / s) for s in spacing]
    z, y, x = np.meshgrid(*[(np.arange(n) + 0.5) * s - 120 for n, s in zip(size, spacing, strict=True)], indexing="ij")
    radius = np.sqrt(((z - center[0]) / 70) ** 2 + ((y - center[1]) / 90) ** 2 + ((x - center[2]) / 75) ** 2)
    hu = np.full(z.shape, -1000.0)
    head = radius < 1
    hu[head] = 40
    hu[(radius < 1) & (radius > 0.93)] = 900
    if table:  # a thin shell right below the head, touching it, and as wide as the field of view
        hu[(y > center[1] + 90) & (y < center[1] + 93)] = 100
    return HeadCT(hu.astype(np.float32), np.diag([*spacing, 1.0])), head


@pytest.mark.parametrize("spacing", [(5.0, 1.0, 1.0), (1.0, 1.2, 1.2), (2.5, 0.8, 2.5)])
@pytest.mark.parametrize("table", [False, True])
def test_box_holds_the_head_and_little_else(spacing, table):
    ct, head = head_in_air(spacing, table)
    box = head_box(ct)
    for axis, (start, stop) in enumerate(box):
        found = np.flatnonzero(head.any(axis=tuple(a for a in range(3) if a != axis)))
        assert start <= found[0]
        assert stop > found[-1]
        excess = (stop - start - (found[-1] - found[0] + 1)) * spacing[axis]
        assert excess < 50, f"axis {axis}: {excess} mm too long"


def test_head_cut_by_the_border_keeps_its_rim():
    ct, head = head_in_air((4.0, 2.0, 2.0), False, center=(-60.0, 40.0, 50.0))
    for axis, (start, stop) in enumerate(head_box(ct)):
        found = np.flatnonzero(head.any(axis=tuple(a for a in range(3) if a != axis)))
        assert start <= found[0]
        assert stop > found[-1]


def test_nothing_found_means_everything():
    air = HeadCT(np.full((6, 30, 30), -1000, np.float32), np.diag([5.0, 4.0, 4.0, 1.0]))
    assert head_box(air) == ((0, 6), (0, 30), (0, 30))


@pytest.mark.parametrize("spacing", [(5.0, 1.0, 1.0), (2.5, 0.8, 2.5)])
def test_box_of_the_skull_holds_what_is_inside_and_little_else(spacing):
    ct, head = head_in_air(spacing, False)
    inside = head & (ct.hu < 500)
    for axis, (start, stop) in enumerate(intracranial_box(ct, margin_mm=8.0)):
        found = np.flatnonzero(inside.any(axis=tuple(a for a in range(3) if a != axis)))
        margins = (found[0] - start) * spacing[axis], (stop - 1 - found[-1]) * spacing[axis]
        assert min(margins) >= 4
        assert max(margins) < 8 + 2 * spacing[axis]


def test_without_a_skull_the_box_is_the_head_s():
    ct, _ = head_in_air((4.0, 2.0, 2.0), False)
    soft = HeadCT(np.minimum(ct.hu, 40), ct.affine)
    assert intracranial_box(soft) == head_box(soft)
