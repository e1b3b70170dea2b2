"""What counts as a head CT."""

from pathlib import Path

import numpy as np
import pytest

from harness.head_phantom import centered, grid_points, head_at
from hemorrhage import read_ct
from hemorrhage.errors import NotACTError
from hemorrhage.reading import check_is_ct
from hemorrhage.reading.dicom_stack import find_gaps
from hemorrhage.reading.head_in_view import HeadEvidence, look_for_head

TEMPLATE = Path(__file__).parents[4] / "shared/data/ct_template/scct_fullhead_HU_from_cormack.nii.gz"


def head(shape=(32, 60, 60), spacing=(5.0, 3.0, 3.0)):
    return head_at(grid_points(shape, centered(np.diag(spacing)[:, ::-1] * [1, 1, 1], shape)[[2, 1, 0, 3]])).astype(np.float32)


@pytest.mark.parametrize("noise", [0, 15, 30])
@pytest.mark.parametrize(
    "part", [slice(None), slice(None, 16), slice(12, 15), slice(20, None)], ids=["whole", "lower", "3 slices", "vertex"]
)
def test_heads_and_parts_of_heads_are_accepted(noise, part):
    hu = head()[part] + np.random.default_rng(0).normal(0, noise, head()[part].shape).astype(np.float32)
    assert check_is_ct(hu, (5.0, 3.0, 3.0)) == ()


def test_a_head_cropped_in_plane_is_accepted_with_a_warning_on_air():
    cropped = head()[8:24, 10:50, 12:30]
    cropped = np.where(cropped < -500, -100, cropped)
    assert any("no air" in w for w in check_is_ct(cropped, (5.0, 3.0, 3.0)))


def test_large_hematoma_and_missing_skull_flap_are_accepted():
    hu = head()
    blood = np.hypot(*np.meshgrid(np.arange(60) - 22, np.arange(60) - 30)) < 10
    hu[10:20, blood] = 75
    hu[:, :30, :][hu[:, :30, :] > 500] = 20
    assert look_for_head(hu, (5.0, 3.0, 3.0)).verdict is HeadEvidence.HEAD


def test_clipped_hounsfield_units_are_accepted():
    assert check_is_ct(head().clip(-1024, 300), (5.0, 3.0, 3.0)) == ()


@pytest.mark.skipif(not TEMPLATE.is_file(), reason="the CT template is not here")
def test_smoothed_template_is_accepted_whole_and_cropped():
    ct = read_ct(TEMPLATE)
    assert ct.warnings == ()
    assert check_is_ct(np.ascontiguousarray(ct.hu[30:60]), ct.spacing) == ()
    assert check_is_ct(np.ascontiguousarray(ct.hu[20:80, 20:100, 45:]), ct.spacing) == ()


def test_a_neck_without_brain_is_refused():
    """Soft tissue with a spine: bone inside it, none around it."""
    hu = head_at(grid_points((20, 60, 60), centered(np.diag([5.0, 3.0, 3.0])[:, ::-1], (20, 60, 60))))
    hu[(hu > 30)] = 40
    hu[:, 26:33, 26:33] = 600
    with pytest.raises(NotACTError, match="bone surrounds"):
        check_is_ct(hu.astype(np.float32), (5.0, 3.0, 3.0))


@pytest.mark.parametrize("count", [700, 720])
def test_many_slices(count):
    hu = np.repeat(head((28, 30, 30), (6.0, 6.0, 6.0)), 26, axis=0)[:count]
    assert bool(check_is_ct(hu, (0.24, 6.0, 6.0))) is (count > 700)


@pytest.mark.parametrize(
    ("steps", "gaps"),
    [
        ([5, 5, 5, 5], []),
        ([5, 10, 5, 5], [1]),
        ([10, 5, 5, 5], [0]),
        ([5, 5, 5, 10], [3]),
        ([5, 10, 10, 5, 5], [1, 2]),
        ([5, 5, 20, 5, 5], [2]),
        ([2.5, 2.5, 2.5, 5, 5, 5], []),
        ([4.22, 4.22, 1.14, 7.38, 7.38], []),
        ([5, 5, 10, 5, 10, 5, 5], [2, 4]),
        ([5, 5, 15, 5, 10, 5, 5], [2, 4]),
        ([2.5, 2.5, 2.5, 5, 10, 5, 5], [4]),
        ([5, 5.2, 4.9, 5.1], []),
        ([0.6, 0.6, 1.3, 0.6], [2]),
    ],
)
def test_gaps_and_zones(steps, gaps):
    assert find_gaps(np.array(steps, dtype=float)) == gaps
