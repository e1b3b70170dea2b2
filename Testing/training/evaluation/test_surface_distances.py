"""Surface distances against MONAI, SimpleITK and a search over all pairs, on straight and sheared grids."""

import numpy as np
import pytest
import SimpleITK
import torch
from monai.metrics import compute_average_surface_distance, compute_hausdorff_distance

from hemorrhage_training.evaluation.surface_distances import surface_distances

SPACING = (5.0, 0.5, 0.7)


def straight(spacing=SPACING) -> np.ndarray:
    return np.diag([*spacing, 1.0])


def blobs(seed: int, shape=(6, 20, 22)) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    z, y, x = np.indices(shape)
    center = rng.uniform(0.3, 0.7, (2, 3)) * shape
    radius = rng.uniform(2, 7, (2, 3))
    masks = [
        ((z - c[0]) / r[0]) ** 2 + ((y - c[1]) / r[1]) ** 2 + ((x - c[2]) / r[2]) ** 2 < 1
        for c, r in zip(center, radius, strict=True)
    ]
    masks[0][tuple(rng.integers(0, size) for size in shape)] = True
    masks[1][tuple(rng.integers(0, size) for size in shape)] = True
    return masks[0], masks[1]


@pytest.mark.parametrize("seed", range(8))
def test_agrees_with_monai(seed):
    predicted, reference = blobs(seed)
    tensors = [torch.from_numpy(mask)[None, None].float() for mask in (predicted, reference)]
    options = {"include_background": True, "spacing": list(SPACING)}
    ours = surface_distances(predicted, reference, straight())
    assert ours.hd_mm == pytest.approx(float(compute_hausdorff_distance(*tensors, **options)), rel=1e-5)
    assert ours.hd95_mm == pytest.approx(float(compute_hausdorff_distance(*tensors, percentile=95, **options)), rel=1e-5)
    assert ours.assd_mm == pytest.approx(float(compute_average_surface_distance(*tensors, symmetric=True, **options)), rel=1e-5)


def test_agrees_with_simpleitk_where_masks_are_apart():
    predicted, reference = np.zeros((2, 6, 12, 12), bool)
    predicted[1:3, 1:4, 2:5], reference[3:5, 6:11, 5:9] = True, True
    images = [SimpleITK.GetImageFromArray(mask.astype(np.uint8)) for mask in (predicted, reference)]
    for image in images:
        image.SetSpacing(SPACING[::-1])
    measure = SimpleITK.HausdorffDistanceImageFilter()
    measure.Execute(*images)
    assert surface_distances(predicted, reference, straight()).hd_mm == pytest.approx(measure.GetHausdorffDistance())


def brute_force(predicted, reference, affine):
    def surface(mask):
        padded = np.pad(mask, 1)
        inner = mask.copy()
        for axis in range(3):
            for step in (-1, 1):
                inner &= np.roll(padded, step, axis)[1:-1, 1:-1, 1:-1]
        return np.argwhere(mask & ~inner) @ affine[:3, :3].T

    a, b = surface(predicted), surface(reference)
    apart = np.linalg.norm(a[:, None] - b[None], axis=-1)
    forth, back = apart.min(axis=1), apart.min(axis=0)
    hd95 = max(np.percentile(forth, 95), np.percentile(back, 95))
    return max(forth.max(), back.max()), hd95, np.concatenate([forth, back]).mean()


@pytest.mark.parametrize("seed", range(4))
def test_agrees_with_all_pairs_on_a_sheared_grid(seed):
    affine = straight((5.0, 0.9, 1.1))
    affine[1, 0] = 2.0  # every slice lies 2 mm further forward: a tilted gantry
    affine[:3, 3] = (10, -40, 300)
    predicted, reference = blobs(seed)
    ours = surface_distances(predicted, reference, affine)
    assert (ours.hd_mm, ours.hd95_mm, ours.assd_mm) == pytest.approx(brute_force(predicted, reference, affine))


def test_shear_changes_the_distance_as_it_does_in_the_patient():
    predicted, reference = np.zeros((2, 4, 9, 9), bool)
    predicted[0, 4, 4], reference[3, 4, 4] = True, True
    affine = straight((5.0, 1.0, 1.0))
    affine[1, 0] = 2.0
    assert surface_distances(predicted, reference, affine).hd_mm == pytest.approx(3 * np.hypot(5, 2))


def test_equal_masks_are_at_distance_zero_and_empty_ones_have_none():
    mask = blobs(0)[0]
    empty = np.zeros_like(mask)
    equal = surface_distances(mask, mask, straight())
    assert (equal.hd_mm, equal.hd95_mm, equal.assd_mm) == (0, 0, 0)
    assert surface_distances(mask, empty, straight()) is None
    assert surface_distances(empty, mask, straight()) is None
    assert surface_distances(empty, empty, straight()) is None
