"""ABC/2 against closed-form ellipsoids, under any affine."""

import numpy as np
import pytest

from hemorrhage.measures import AnatomicalAxes, abc2_ml


def ellipsoid(affine: np.ndarray, shape: tuple[int, int, int], centre, semi_axes) -> np.ndarray:
    index = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), axis=-1)
    ras = index @ affine[:3, :3].T + affine[:3, 3]
    return (((ras - centre) / semi_axes) ** 2).sum(axis=-1) <= 1


def affine_of(columns, shape) -> np.ndarray:
    affine = np.eye(4)
    affine[:3, :3] = np.array(columns, float).T
    affine[:3, 3] = -affine[:3, :3] @ ((np.array(shape) - 1) / 2)
    return affine


CASES = {
    "axial LPS": ([(0, 0, 2.5), (0, -0.8, 0), (-0.8, 0, 0)], (33, 81, 81)),
    "axial RAS": ([(0, 0, 2.5), (0, 0.8, 0), (0.8, 0, 0)], (33, 81, 81)),
    "left-handed": ([(0, 0, -2.5), (0, -0.8, 0), (-0.8, 0, 0)], (33, 81, 81)),
    "sagittal": ([(0.8, 0, 0), (0, 0, -2.5), (0, -0.8, 0)], (81, 33, 81)),
    "coronal, anisotropic": ([(0, 1.0, 0), (0, 0, -2.5), (0.6, 0, 0)], (65, 33, 101)),
    "tilted gantry": ([(0, 0.8, 2.5), (0, -0.8, 0), (-0.8, 0, 0)], (33, 101, 81)),
}


@pytest.mark.parametrize("case", CASES)
def test_ellipsoid_gives_half_of_abc(case):
    """A, B, C are the full axes 48, 30 and 42 mm; the slices above 75 % and 25 % of the area are counted by hand."""
    columns, shape = CASES[case]
    affine = affine_of(columns, shape)
    semi_axes = np.array([15.0, 24.0, 21.0])  # R, A, S
    lesion = ellipsoid(affine, shape, (0.2, 0.3, 0), semi_axes)
    heights = (np.arange(33) - 16) * 2.5
    share = np.clip(1 - (heights / 21) ** 2, 0, None)
    c = ((share > 0.75).sum() + 0.5 * ((share >= 0.25) & (share <= 0.75)).sum()) * 2.5
    assert abc2_ml(lesion, affine) == pytest.approx(48 * 30 * c / 2 / 1000, rel=0.05)


def test_in_plane_diameters_are_found_at_any_angle():
    affine = affine_of([(0, 0, 5), (0, -0.5, 0), (-0.5, 0, 0)], (1, 201, 201))
    index = np.stack(np.meshgrid(np.arange(201), np.arange(201), indexing="ij"), axis=-1) - 100.2
    for angle in np.deg2rad([0, 20, 45, 77, 90]):
        along = index @ [np.cos(angle), np.sin(angle)] * 0.5
        across = index @ [-np.sin(angle), np.cos(angle)] * 0.5
        lesion = ((along / 30) ** 2 + (across / 12) ** 2 <= 1)[None]
        assert abc2_ml(lesion, affine) == pytest.approx(60 * 24 * 5 / 2 / 1000, rel=0.03)


def test_slices_count_whole_half_or_not_at_all():
    affine = np.diag([1.0, 1, 4, 1])[:, [2, 1, 0, 3]]
    areas = [100, 76, 75, 25, 24]
    lesion = np.zeros((5, 10, 10), bool)
    for number, area in enumerate(areas):
        lesion[number].ravel()[:area] = True
    largest_only = lesion.copy()
    largest_only[1:] = False
    assert abc2_ml(lesion, affine) == pytest.approx(abc2_ml(largest_only, affine) * (1 + 1 + 0.5 + 0.5))


def test_empty_and_single_voxel():
    affine = np.diag([5.0, 0.5, 0.4, 1])[[2, 1, 0, 3]]  # slices along S, rows along A, columns along R
    lesion = np.zeros((3, 4, 4), bool)
    assert abc2_ml(lesion, affine) == 0
    lesion[1, 2, 2] = True
    assert abc2_ml(lesion, affine) == pytest.approx(0.5 * 0.4 * 5 / 2 / 1000)


@pytest.mark.parametrize(
    ("columns", "codes"),
    [
        ([(0, 0, 5), (0, -1, 0), (-1, 0, 0)], ("S", "P", "L")),
        ([(0, 0, -5), (0, 1, 0), (1, 0, 0)], ("I", "A", "R")),
        ([(1, 0, 0), (0, 0, -1), (0, -1, 0)], ("R", "I", "P")),
        ([(0, 0.3, 5), (0.1, -1, 0.2), (-1, 0.1, 0)], ("S", "P", "L")),
        ([(0, 1, 1), (0, 1, -1), (1, 0, 0)], ("S", "A", "R")),  # exactly 45 degrees: the stored order decides
    ],
)
def test_anatomical_axes(columns, codes):
    assert AnatomicalAxes.of(affine_of(columns, (3, 3, 3))).codes == codes
