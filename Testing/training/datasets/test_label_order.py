"""Where classes lie tells whether their numbers can be right."""

from __future__ import annotations

import numpy as np
import pytest

from harness.data_set_trees import CLASSES, bleeding_head
from hemorrhage.head_ct import HeadCT
from hemorrhage_training.datasets.label_depth import label_depths
from hemorrhage_training.datasets.label_order import LabelOrderVerdict, judge_label_order
from hemorrhage_training.datasets.label_scheme import SIX


@pytest.fixture(scope="module")
def depths() -> list[dict[str, float]]:
    found = []
    for seed in range(6):
        head = bleeding_head((CLASSES[seed % 5], CLASSES[(seed + 2) % 5], CLASSES[(seed + 3) % 5]), seed)
        found.append(label_depths(head.labels, HeadCT(head.hu, head.affine), SIX))
    return found


def test_depth_is_the_distance_from_bone():
    hu = np.full((12, 40, 40), 30.0, np.float32)
    hu[:, :, 0] = 900
    labels = np.zeros(hu.shape, np.uint8)
    labels[5, 10, 17] = 2
    affine = np.diag([5.0, 1.0, 1.0, 1.0])
    assert label_depths(labels, HeadCT(hu, affine), SIX) == {"IPH": pytest.approx(17, abs=1)}
    assert label_depths(labels, HeadCT(np.full_like(hu, 30), affine), SIX) == {}


def renamed(depths: list[dict[str, float]], order: tuple[str, ...]) -> list[dict[str, float]]:
    name = dict(zip(CLASSES, order, strict=True))
    return [{name[key]: value for key, value in case.items()} for case in depths]


def test_the_documented_order_is_plausible(depths):
    assert judge_label_order(depths).verdict is LabelOrderVerdict.PLAUSIBLE


@pytest.mark.parametrize(
    "order",
    [
        ("IVH", "IPH", "EDH", "SAH", "SDH"),
        ("IPH", "EDH", "SDH", "SAH", "IVH"),
        ("IPH", "IVH", "SAH", "SDH", "EDH"),
        ("SDH", "SAH", "EDH", "IPH", "IVH"),
    ],
)
def test_other_orders_are_not(depths, order):
    judged = judge_label_order(renamed(depths, order))
    assert judged.verdict is LabelOrderVerdict.IMPLAUSIBLE
    assert "from the skull" in judged.reasons[0]


def test_two_cases_say_nothing(depths):
    assert judge_label_order(depths[:2]).verdict is LabelOrderVerdict.UNKNOWN
