"""The folder that a client gets: parts of the variance are in it exactly where the method tells them apart."""

from __future__ import annotations

import numpy as np
import pytest

from harness.synthetic_segmentation import synthetic_segmentation, with_parts
from hemorrhage.worker.result_files import PART_ARRAYS, write_result


@pytest.mark.parametrize("share", [None, 0.25])
def test_parts_of_the_variance_are_written(share, tmp_path):
    segmentation = synthetic_segmentation(shape=(8, 32, 32))
    if share is not None:
        segmentation = with_parts(segmentation, share)
    write_result(segmentation, tmp_path / "result", lambda: None)
    written = {path.stem for path in (tmp_path / "result").glob("*.npy")}
    assert (written & set(PART_ARRAYS)) == (set() if share is None else set(PART_ARRAYS))
    if share is not None:
        parts = [np.load(tmp_path / "result" / f"{name}.npy") for name in PART_ARRAYS]
        np.testing.assert_allclose(sum(parts), segmentation.variance, rtol=1e-6)
        np.testing.assert_array_equal(parts[0], segmentation.parts.variance_expansion)
