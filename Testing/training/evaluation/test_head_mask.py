"""The mask of the head, on a phantom whose head is known."""

import numpy as np
import pytest

from harness.synthetic_segmentation import ORIENTATIONS, affine_for
from hemorrhage.head_ct import HeadCT
from hemorrhage_training.evaluation.head_mask import head_mask


def phantom(orientation: str, *, table: bool) -> tuple[HeadCT, np.ndarray]:
    shape = (40, 48, 44)
    affine = affine_for(orientation, shape)
    r, a, s = np.moveaxis(np.moveaxis(np.indices(shape), 0, -1) @ affine[:3, :3].T + affine[:3, 3], -1, 0)
    head = (r / 65) ** 2 + (a / 75) ** 2 + (s / 60) ** 2 < 1
    hu = np.where(head, 30.0, -1000.0)
    hu[(r / 12) ** 2 + ((a - 40) / 12) ** 2 + (s / 12) ** 2 < 1] = -1000  # a sinus: inside the head
    if table:
        hu[(np.abs(a + 92) < 6) & (np.abs(r) < 90)] = 100
    return HeadCT(hu.astype(np.float32), affine), head


@pytest.mark.parametrize("orientation", sorted(ORIENTATIONS))
def test_finds_the_head_with_its_cavities_and_without_the_table(orientation):
    ct, head = phantom(orientation, table=True)
    mask = head_mask(ct)
    assert 2 * np.count_nonzero(mask & head) / (np.count_nonzero(mask) + np.count_nonzero(head)) > 0.97


def test_no_head():
    ct, _ = phantom("axial LPS", table=False)
    assert head_mask(HeadCT(np.full(ct.shape, -1000, np.float32), ct.affine)) is None
    speck = np.full(ct.shape, -1000, np.float32)
    speck[18:22, 20:26, 20:26] = 40
    assert head_mask(HeadCT(speck, ct.affine)) is None
