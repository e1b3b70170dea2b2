"""From a CT to slices and back."""

import numpy as np
import pytest
import torch

from hemorrhage.errors import NotACTError
from hemorrhage.head_ct import HeadCT
from hemorrhage.intracranial_mask import intracranial_mask
from hemorrhage.slices import SliceSettings
from hemorrhage.slices.preprocessing import normalized_slices, prepare, square_corner

SETTINGS = SliceSettings(classes=["background", "hemorrhage"], channels=[4, 8, 8], image_size=64)


def test_shows_the_inside_of_the_skull_only(phantom_ct):
    prepared = prepare(phantom_ct, SETTINGS)
    assert tuple(prepared.data.shape[1:]) == prepared.grid.shape
    assert prepared.data.min() == 0
    on_ct = prepared.grid.to_ct(prepared.data)[0].numpy()
    inside = intracranial_mask(phantom_ct)
    assert not on_ct[~inside.any((1, 2))].any()
    # Brain of 35 HU in the window of -5 to 85.
    deep = (
        np.linalg.norm(
            np.indices(inside.shape) * np.array([8, 4.5, 4.5])[:, None, None, None]
            - np.array([76, 106, 88])[:, None, None, None],
            axis=0,
        )
        < 20
    )
    assert on_ct[deep & inside].mean() == pytest.approx((35 + 5) / 90, abs=0.02)


def test_way_back_is_exact_between_slices_and_in_place_within(phantom_ct):
    """A map that is linear over the CT comes back as it was, away from the edge of the box."""
    grid = prepare(phantom_ct, SETTINGS).grid
    (a0, a1), (b0, b1), (c0, c1) = grid.box
    n, h, w = grid.shape
    rows = b0 + (torch.arange(h) + 0.5) * (b1 - b0) / h - 0.5
    columns = c0 + (torch.arange(w) + 0.5) * (c1 - c0) / w - 0.5
    ramp = 100.0 * torch.arange(a0, a1)[:, None, None] + rows[:, None] + 3 * columns
    back = grid.to_ct(ramp[None].float())[0]
    index = torch.meshgrid(*(torch.arange(k) for k in phantom_ct.shape), indexing="ij")
    expected = 100.0 * index[0] + index[1] + 3 * index[2]
    inner = np.s_[a0:a1, b0 + 2 : b1 - 2, c0 + 2 : c1 - 2]
    assert torch.allclose(back[inner], expected[inner], atol=1e-2)
    assert n == a1 - a0


def test_sagittally_stored_ct_gives_the_same_slices(phantom_ct):
    stored = HeadCT(phantom_ct.hu.transpose(2, 0, 1), phantom_ct.affine[:, [2, 0, 1, 3]])
    turned, plain = prepare(stored, SETTINGS), prepare(phantom_ct, SETTINGS)
    assert torch.equal(turned.data, plain.data)
    assert torch.equal(turned.grid.to_ct(plain.data)[0].permute(1, 2, 0), plain.grid.to_ct(plain.data)[0])


def test_each_slice_is_normalized_and_empty_ones_stay_empty():
    data = torch.rand(3, 40, 50, generator=torch.Generator().manual_seed(0))
    data[1] = 0
    found = normalized_slices(data, 64)
    assert found.shape == (3, 1, 64, 64)
    assert found[[0, 2]].mean((1, 2, 3)).numpy() == pytest.approx([0, 0], abs=1e-5)
    assert found[[0, 2]].var((1, 2, 3), correction=0).numpy() == pytest.approx([1, 1], abs=1e-4)
    assert not found[1].any()
    top, left = square_corner(data, 64)
    inner = found[0, 0, top : top + 40, left : left + 50]
    assert torch.corrcoef(torch.stack([inner.flatten(), data[0].flatten()]))[0, 1] == pytest.approx(1, abs=1e-5)


def test_nothing_to_see_is_said(phantom_ct):
    with pytest.raises(NotACTError, match="no inside of a skull"):
        prepare(HeadCT(np.full(phantom_ct.shape, -1000.0, np.float32), phantom_ct.affine), SETTINGS)
