"""Warping: exact where it can be, equal to SciPy where it interpolates, and quiet enough not to fake uncertainty."""

import numpy as np
import pytest
import scipy.ndimage
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import erf

from hemorrhage.errors import ArgumentError
from hemorrhage.transforms import (
    Flip,
    Interpolation,
    Padding,
    Rotation,
    Scaling,
    SpatialTransform,
    TransformPreset,
    draw_transform,
    warp,
    warp_probabilities,
)

SPACING = (5.0, 1.2, 1.2)
SHAPE = (9, 30, 34)
seeds = st.integers(0, 2**32)
spacings = st.tuples(st.floats(1, 5), st.floats(0.6, 1.2), st.floats(0.6, 1.2))
in_plane = SpatialTransform((Rotation(8, (1, 0, 0)), Flip(0), Scaling(1.06, 2)))
in_space = SpatialTransform((Rotation(8, (1, 0.3, -0.5)), Flip(1), Scaling(0.95, 0)))


def noise(*shape, seed=0):
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


def coordinates_mm(shape, spacing):
    axes = [(np.arange(n) - (n - 1) / 2) * s for n, s in zip(shape, spacing, strict=True)]
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)


def scipy_warp(volume, transform, spacing, order):
    index_matrix = np.diag(1 / np.array(spacing)) @ np.linalg.inv(transform.matrix) @ np.diag(spacing)
    center = (np.array(volume.shape) - 1) / 2
    mode = "nearest" if order == 1 else "mirror"
    return scipy.ndimage.affine_transform(volume, index_matrix, center - index_matrix @ center, order=order, mode=mode)


def inside_of(transform, shape, spacing):
    source = coordinates_mm(shape, spacing) @ np.linalg.inv(transform.matrix).T
    return (np.abs(source) <= (np.array(shape) - 1) / 2 * spacing).all(-1)


def test_identity_changes_nothing():
    volume = noise(2, 3, *SHAPE)
    warped, valid = warp(volume, SpatialTransform(), SPACING)
    assert torch.equal(warped, volume)
    assert valid.all()
    assert valid.shape == (2, 1, *SHAPE)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_flip_is_exact_and_its_own_inverse(axis):
    volume = noise(1, 2, *SHAPE)
    flip = SpatialTransform((Flip(axis),))
    warped, valid = warp(volume, flip, SPACING)
    assert torch.equal(warped, volume.flip(2 + axis))
    assert torch.equal(warp(warped, flip.inverse(), SPACING)[0], volume)
    assert valid.all()
    probabilities = noise(1, 4, *SHAPE).softmax(1)
    assert torch.equal(warp_probabilities(warp_probabilities(probabilities, flip, SPACING)[0], flip, SPACING)[0], probabilities)


@pytest.mark.parametrize(("interpolation", "order"), [(Interpolation.LINEAR, 1), (Interpolation.SPLINE, 3)])
@pytest.mark.parametrize("transform", [in_plane, in_space])
def test_equals_scipy(transform, interpolation, order):
    """Up to the outer half voxel, where the two continue the volume differently."""
    volume = noise(2, 2, *SHAPE)
    warped, _ = warp(volume, transform, SPACING, interpolation)
    inside = inside_of(transform, SHAPE, SPACING)
    for b in range(2):
        for c in range(2):
            expected = scipy_warp(volume[b, c].double().numpy(), transform, SPACING, order)
            assert np.abs(warped[b, c].numpy() - expected)[inside].max() < 5e-6


@pytest.mark.parametrize("interpolation", list(Interpolation))
@pytest.mark.parametrize("transform", [in_plane, in_space])
def test_moves_by_the_matrix_in_mm(transform, interpolation):
    """A smooth blob off the center lands where the matrix says, however thick the slices are."""
    spacing, shape = (3.0, 1.0, 1.0), (21, 48, 50)
    center = np.array([4.0, -6.0, 8.0])
    mm = coordinates_mm(shape, spacing)
    blob = np.exp(-((mm - center) ** 2).sum(-1) / (2 * 5.0**2))
    warped, _ = warp(torch.from_numpy(blob)[None, None], transform, spacing, interpolation)
    weight = warped[0, 0].numpy()
    found = (weight[..., None] * mm).sum((0, 1, 2)) / weight.sum()
    assert np.allclose(found, transform.matrix @ center, atol=0.05)
    assert weight.sum() / blob.sum() == pytest.approx(abs(np.linalg.det(transform.matrix)), rel=0.01)


@settings(max_examples=25, deadline=None)
@given(seed=seeds, spacing=spacings)
def test_warp_back_restores_interior(seed, spacing):
    """Warping and warping back leaves a smooth map unchanged where both masks are valid."""
    transform = draw_transform(np.random.default_rng(seed), 3, TransformPreset.PAPER, spacing)
    mm = coordinates_mm(SHAPE, spacing)
    smooth = torch.from_numpy(np.cos(mm @ [0.02, 0.05, -0.04]))[None, None].float()
    moved, valid_there = warp(smooth, transform, spacing)
    back, valid = warp(moved, transform.inverse(), spacing)
    # The border is continued by constants: keep two voxels away from it, here and there.
    margin = torch.zeros(SHAPE)
    margin[2:-2, 3:-3, 3:-3] = 1
    known = (
        warp(margin[None, None] * valid_there, transform.inverse(), spacing, Interpolation.LINEAR, Padding.ZERO)[0][0, 0] > 0.999
    )
    known &= valid[0, 0] & (margin > 0)
    if known.any():
        assert (back - smooth)[0, 0][known].abs().max() < 0.02


@settings(max_examples=25, deadline=None)
@given(seed=seeds, preset=st.sampled_from(TransformPreset))
def test_linear_ramp_is_reproduced_exactly(seed, preset):
    """Every kernel reproduces straight lines, so position has no bias of the kernel's (inside, away from the border)."""
    transform = draw_transform(np.random.default_rng(seed), 2, preset, SPACING)
    mm = coordinates_mm(SHAPE, SPACING)
    direction = np.array([0.03, 0.02, -0.01])
    inside = inside_of(transform, [n - 6 for n in SHAPE], SPACING)
    core = tuple(slice(3, n - 3) for n in SHAPE)
    expected = (mm @ np.linalg.inv(transform.matrix).T @ direction)[core]
    for interpolation in (Interpolation.LINEAR, Interpolation.CUBIC):
        warped, _ = warp(torch.from_numpy(mm @ direction)[None, None], transform, SPACING, interpolation)
        assert np.abs(warped[0, 0].numpy()[core] - expected)[inside].max(initial=0) < 1e-5


def test_composition_is_one_interpolation_of_the_sequence():
    """In the continuous limit (a smooth map on a fine grid) the composed warp equals the warps in sequence."""
    spacing = (1.0, 1.0, 1.0)
    shape = (40, 40, 40)
    mm = coordinates_mm(shape, spacing)
    smooth = torch.from_numpy(np.exp(-(((mm - [3, -2, 4]) / 8) ** 2).sum(-1)))[None, None].float()
    operators = (Rotation(9, (1, 2, 3)), Scaling(0.93, 1), Flip(2), Rotation(-6, (3, 1, 0)))
    sequence = smooth
    for operator in operators:
        sequence, _ = warp(sequence, SpatialTransform((operator,)), spacing)
    composed, _ = warp(smooth, SpatialTransform(operators), spacing)
    assert (composed - sequence).abs().max() < 2e-3


def test_valid_tells_what_came_from_inside():
    """Shrunk to 80 %, the outer tenth on each side comes from nowhere; it is filled by the border or by zero."""
    shrink = SpatialTransform((Scaling(0.8, 2),))
    volume = torch.ones(1, 1, 3, 4, 50)
    border, valid = warp(volume, shrink, SPACING)
    zero, _ = warp(volume, shrink, SPACING, padding=Padding.ZERO)
    assert valid[0, 0].sum(-1).unique().tolist() == [40]
    assert torch.allclose(border, torch.ones_like(border), atol=1e-5)
    assert torch.equal(zero > 0.5, valid)


@pytest.mark.parametrize("interpolation", list(Interpolation))
@pytest.mark.parametrize("transform", [in_plane, in_space])
def test_probabilities_stay_probabilities(transform, interpolation):
    sharp = torch.nn.functional.one_hot((noise(*SHAPE) * 4).long(), 4).permute(3, 0, 1, 2)[None].float()
    warped, _ = warp_probabilities(sharp, transform, SPACING, interpolation)
    assert warped.min() >= 0
    assert warped.max() <= 1
    assert torch.allclose(warped.sum(1), torch.ones(1, *SHAPE), atol=1e-6)


def test_batch_entries_do_not_influence_each_other():
    volume = noise(3, 2, *SHAPE)
    together, _ = warp(volume, in_space, SPACING)
    alone, _ = warp(volume[1:2], in_space, SPACING)
    assert torch.equal(together[1:2], alone)


@pytest.mark.parametrize("shape", [(1, 8, 8), (2, 3, 1), (3, 1, 1)])
@pytest.mark.parametrize("interpolation", list(Interpolation))
def test_tiny_volumes(shape, interpolation):
    warped, _ = warp(torch.ones(1, 1, *shape), in_space, SPACING, interpolation)
    assert torch.allclose(warped, torch.ones_like(warped), atol=1e-5)


def fake_variance(interpolation, transforms, edge_mm=1.5):
    """Variance at the edge, and volume error, of an identity network on an analytic ball of 36 mm at 5 x 1.2 x 1.2 mm."""
    shape = (12, 44, 44)
    distance = np.linalg.norm(coordinates_mm(shape, SPACING), axis=-1) - 18
    lesion = (1 - erf(distance / edge_mm)) / 2
    probabilities = torch.from_numpy(np.stack([1 - lesion, lesion]))[None].float()
    samples = []
    for transform in transforms:
        moved, _ = warp(probabilities, transform, SPACING, interpolation)
        samples.append(warp_probabilities(moved, transform.inverse(), SPACING, interpolation)[0][0, 1].numpy())
    edge = (lesion > 0.05) & (lesion < 0.95)
    volumes = np.sum(samples, axis=(1, 2, 3))
    return np.var(samples, axis=0)[edge].mean(), np.abs(volumes / lesion.sum() - 1).max()


def test_interpolation_fakes_little_variance():
    """The chosen scheme stays far below 5e-5 with the volume within 0.5 %; linear would not."""
    rng = np.random.default_rng(0)
    transforms = [draw_transform(rng, 5, TransformPreset.ANISOTROPIC, SPACING) for _ in range(20)]
    chosen, volume_error = fake_variance(Interpolation.SPLINE, transforms)
    assert chosen < 5e-6
    assert volume_error < 5e-3
    assert fake_variance(Interpolation.LINEAR, transforms)[0] > 5e-5


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: warp(torch.zeros(1, 8, 8, 8), in_plane, SPACING),
        lambda: warp(torch.zeros(1, 1, 0, 8, 8), in_plane, SPACING),
        lambda: warp(torch.zeros(1, 1, 4, 8, 8), in_plane, (1.0, 0.0, 1.0)),
        lambda: warp_probabilities(torch.zeros(1, 1, 4, 8, 8), in_plane, SPACING),
    ],
)
def test_nonsense_is_refused(wrong):
    with pytest.raises(ArgumentError):
        wrong()
