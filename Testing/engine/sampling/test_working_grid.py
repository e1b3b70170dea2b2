"""What is cut out of a CT comes back to where it was."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hemorrhage.sampling import WorkingGrid

_AXES = (0, 1, 2)


@st.composite
def grids(draw):
    shape = draw(st.tuples(*[st.integers(2, 6)] * 3))
    transpose = tuple(draw(st.permutations(_AXES)))
    limits = []
    for axis in transpose:
        start = draw(st.integers(0, shape[axis] - 1))
        limits.append((start, draw(st.integers(start + 1, shape[axis]))))
    flipped = tuple(axis for axis in _AXES if draw(st.booleans()))
    inside = tuple(stop - start for start, stop in limits)
    return WorkingGrid(shape, transpose, tuple(limits), inside, (1.0, 1.0, 1.0), flipped)


@given(grids())
def test_without_resampling_the_way_back_is_exact(grid):
    array = np.arange(1, 1 + np.prod(grid.ct_shape), dtype=np.float32).reshape(grid.ct_shape)
    back = grid.to_ct(torch.from_numpy(grid.cut(array).copy())[None], outside=-1.0)[0].numpy()
    within = back != -1
    assert within.sum() == np.prod(grid.box_shape)
    np.testing.assert_array_equal(back[within], array[within])


def test_box_and_mirrors_are_those_of_the_transposed_array():
    array = np.arange(24).reshape(2, 3, 4)
    grid = WorkingGrid((2, 3, 4), (2, 0, 1), ((1, 4), (0, 2), (0, 2)), (3, 2, 2), (1.0, 1.0, 1.0), (0,))
    np.testing.assert_array_equal(grid.cut(array), array.transpose(2, 0, 1)[1:4, 0:2, 0:2][::-1])


def test_maps_of_another_shape_are_refused():
    grid = WorkingGrid((2, 2, 2), _AXES, ((0, 2),) * 3, (2, 2, 2), (1.0, 1.0, 1.0))
    with pytest.raises(ValueError, match="working grid"):
        grid.to_ct(torch.zeros(1, 2, 2, 3))
