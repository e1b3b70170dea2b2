"""Models that want axial slices get them however the CT is stored."""

from itertools import permutations, product

import numpy as np
import pytest
import torch

from harness.tiny_nnunet import tiny_dataset, tiny_plans
from hemorrhage.head_box import head_box
from hemorrhage.head_ct import HeadCT
from hemorrhage.nnunet.network_plans import read_plans
from hemorrhage.nnunet.preprocessing import prepare, working_grid


def _stored_as(ct: HeadCT, order: tuple[int, int, int], mirrored: tuple[int, ...] = ()) -> HeadCT:
    """Return the same CT with its array axes in another order, some of them running the other way."""
    to_index = np.zeros((4, 4))
    to_index[3, 3] = 1
    for axis, source in enumerate(order):
        to_index[source, axis] = -1 if axis in mirrored else 1
        to_index[source, 3] = ct.shape[source] - 1 if axis in mirrored else 0
    return HeadCT(np.flip(ct.hu.transpose(order), mirrored).copy(), ct.affine @ to_index)


_MIRRORED = [tuple(axis for axis, is_mirrored in enumerate(each) if is_mirrored) for each in product((False, True), repeat=3)]


@pytest.mark.parametrize("mirrored", _MIRRORED, ids=str)
@pytest.mark.parametrize("box_of", [lambda ct: None, head_box], ids=["whole", "head box"])
def test_network_sees_the_same_slices_however_they_are_stored(phantom_ct, mirrored, box_of):
    plans = read_plans(tiny_plans(spacing=(8.0, 4.5, 4.5)), tiny_dataset(), "3d_fullres")
    axial = prepare(phantom_ct, plans, working_grid(phantom_ct, plans, box=box_of(phantom_ct), anatomical=True))
    for order in permutations(range(3)):
        stored = _stored_as(phantom_ct, order, mirrored)
        turned = prepare(stored, plans, working_grid(stored, plans, box=box_of(stored), anatomical=True))
        assert torch.equal(axial.data, turned.data)
        back = turned.grid.to_ct(turned.data)[0].numpy()
        expected = np.flip(axial.grid.to_ct(axial.data)[0].numpy().transpose(order), mirrored)
        np.testing.assert_allclose(back, expected, atol=1e-6)


def test_its_axes_run_to_superior_posterior_and_left(phantom_ct):
    plans = read_plans(tiny_plans(spacing=(8.0, 4.5, 4.5)), tiny_dataset(), "3d_fullres")
    ras = np.arange(np.prod(phantom_ct.shape), dtype=np.float32).reshape(phantom_ct.shape) + 1
    affine = np.array([[0.0, 0.0, 4.5, 0.0], [0.0, 4.5, 0.0, 0.0], [8.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0]])  # S, A, R
    grid = working_grid(HeadCT(ras, affine), plans, box=None, anatomical=True)
    assert grid.flipped == (1, 2)
    np.testing.assert_array_equal(grid.cut(ras), ras[:, ::-1, ::-1])


def test_stock_networks_take_the_axes_as_stored(phantom_ct):
    plans = read_plans(tiny_plans(spacing=(8.0, 4.5, 4.5)), tiny_dataset(), "3d_fullres")
    assert working_grid(_stored_as(phantom_ct, (2, 0, 1)), plans, box=None).transpose == (0, 1, 2)
