"""Models that want axial slices get them however the CT is stored."""

import numpy as np
import pytest
import torch

from harness.tiny_nnunet import tiny_dataset, tiny_plans
from hemorrhage.head_ct import HeadCT
from hemorrhage.nnunet.network_plans import read_plans
from hemorrhage.nnunet.preprocessing import prepare, working_grid


def _stored_as(ct: HeadCT, order: tuple[int, int, int]) -> HeadCT:
    """Return the same CT with its array axes in another order."""
    permutation = np.eye(4)
    permutation[:3, :3] = np.eye(3)[list(order)].T
    return HeadCT(ct.hu.transpose(order).copy(), ct.affine @ permutation)


@pytest.mark.parametrize("order", [(2, 0, 1), (1, 0, 2), (2, 1, 0)])
def test_network_sees_the_same_slices_however_they_are_stored(phantom_ct, order):
    plans = read_plans(tiny_plans(spacing=(8.0, 4.5, 4.5)), tiny_dataset(), "3d_fullres")
    stored = _stored_as(phantom_ct, order)
    axial, turned = (prepare(ct, plans, working_grid(ct, plans, box=False, anatomical=True)) for ct in (phantom_ct, stored))
    assert torch.equal(axial.data, turned.data)
    back = turned.grid.to_ct(turned.data)[0].numpy()
    assert back.shape == stored.shape
    np.testing.assert_allclose(back, axial.grid.to_ct(axial.data)[0].numpy().transpose(order), atol=1e-6)


def test_stock_networks_take_the_axes_as_stored(phantom_ct):
    plans = read_plans(tiny_plans(spacing=(8.0, 4.5, 4.5)), tiny_dataset(), "3d_fullres")
    assert working_grid(_stored_as(phantom_ct, (2, 0, 1)), plans, box=False).transpose == (0, 1, 2)
