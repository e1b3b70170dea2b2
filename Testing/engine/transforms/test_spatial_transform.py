"""The algebra of transforms: operators, composition, inverse, records, and what the presets draw."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hemorrhage.errors import ArgumentError
from hemorrhage.transforms import (
    Flip,
    Rotation,
    Scaling,
    SpatialTransform,
    TransformPreset,
    default_preset,
    draw_transform,
    out_of_plane_share,
)

THICK = (5.0, 0.45, 0.45)
THIN = (1.0, 0.5, 0.5)
seeds = st.integers(0, 2**32)
presets = st.sampled_from(TransformPreset)
spacings = st.tuples(st.floats(0.6, 7), st.floats(0.3, 1.2), st.floats(0.3, 1.2))


@given(seed=seeds, count=st.integers(0, 8), preset=presets, spacing=spacings)
def test_json_round_trip_is_exact(seed, count, preset, spacing):
    transform = draw_transform(np.random.default_rng(seed), count, preset, spacing)
    again = SpatialTransform.from_json(json.loads(json.dumps(transform.to_json())))
    assert again == transform
    assert np.array_equal(again.matrix, transform.matrix)


@given(seed=seeds, count=st.integers(0, 8), preset=presets, spacing=spacings)
def test_matrix_is_the_operators_in_sequence(seed, count, preset, spacing):
    transform = draw_transform(np.random.default_rng(seed), count, preset, spacing)
    point = np.array([3.0, -40.0, 70.0])
    moved = point
    for operator in transform.operators:
        moved = operator.matrix() @ moved
    assert np.allclose(transform.matrix @ point, moved, atol=1e-9)
    back = transform.inverse().matrix @ moved
    assert np.allclose(back, point, atol=1e-9)


@given(seed=seeds, count=st.integers(0, 8), preset=presets, spacing=spacings)
def test_determinant_is_the_product_of_flips_and_scalings(seed, count, preset, spacing):
    """Rotations keep volume, every flip changes the sign: no axes are ever swapped by accident."""
    transform = draw_transform(np.random.default_rng(seed), count, preset, spacing)
    expected = 1.0
    for operator in transform.operators:
        expected *= {Rotation: 1.0, Flip: -1.0}.get(type(operator), getattr(operator, "factor", 1.0))
    assert np.linalg.det(transform.matrix) == pytest.approx(expected)


@given(seed=seeds, preset=presets, spacing=spacings)
def test_a_single_operator_never_permutes_axes(seed, preset, spacing):
    """Turned by 10 degrees at most, each axis stays closest to itself."""
    matrix = draw_transform(np.random.default_rng(seed), 1, preset, spacing).matrix
    assert np.abs(matrix).argmax(axis=0).tolist() == [0, 1, 2]


def test_no_operator_is_the_identity():
    transform = draw_transform(np.random.default_rng(0), 0, TransformPreset.PAPER, THIN)
    assert transform.is_identity
    assert transform.is_flip_only
    assert np.array_equal(transform.matrix, np.eye(3))


def test_rotation_turns_right_handed_in_mm():
    """90 degrees about the slice axis takes the row axis to the column axis."""
    assert np.allclose(Rotation(90, (2, 0, 0)).matrix() @ [0, 1, 0], [0, 0, 1])


def test_flips_compose_exactly_and_are_recognized():
    transform = SpatialTransform((Flip(0), Flip(2), Flip(0)))
    assert transform.exact_signs == (1, 1, -1)
    assert transform.is_flip_only
    assert not SpatialTransform((Flip(0), Scaling(1.05, 1))).is_flip_only


def test_paper_preset_draws_what_equation_2_says():
    rng = np.random.default_rng(3)
    operators = draw_transform(rng, 12000, TransformPreset.PAPER, THICK).operators
    by_kind = {kind: [o for o in operators if type(o) is kind] for kind in (Rotation, Flip, Scaling)}
    for drawn in by_kind.values():
        assert len(drawn) / len(operators) == pytest.approx(1 / 3, abs=0.02)
    angles = np.array([o.angle_deg for o in by_kind[Rotation]])
    axes = np.array([o.axis for o in by_kind[Rotation]])
    factors = np.array([o.factor for o in by_kind[Scaling]])
    assert np.quantile(angles, [0, 0.25, 0.75, 1]) == pytest.approx([-10, -5, 5, 10], abs=0.5)
    assert np.quantile(factors, [0, 0.25, 0.75, 1]) == pytest.approx([0.9, 0.95, 1.05, 1.1], abs=0.005)
    assert np.allclose(np.linalg.norm(axes, axis=1), 1)
    assert np.allclose(axes.mean(0), 0, atol=0.04)
    assert np.allclose(axes.T @ axes / len(axes), np.eye(3) / 3, atol=0.02)  # uniform on the sphere
    for drawn in (by_kind[Flip], by_kind[Scaling]):
        assert np.bincount([o.array_axis for o in drawn]) / len(drawn) == pytest.approx([1 / 3] * 3, abs=0.04)


def test_anisotropic_preset_never_mixes_thick_slices():
    for seed in range(200):
        transform = draw_transform(np.random.default_rng(seed), 5, TransformPreset.ANISOTROPIC, THICK)
        assert transform.exact_signs[0] is not None
    operators = draw_transform(np.random.default_rng(0), 4000, TransformPreset.ANISOTROPIC, THICK).operators
    angles = [o.angle_deg for o in operators if isinstance(o, Rotation)]
    assert np.quantile(angles, [0, 0.25, 0.75, 1]) == pytest.approx([-10, -5, 5, 10], abs=0.6)
    assert {o.array_axis for o in operators if isinstance(o, Flip)} == {0, 1, 2}


def test_anisotropic_preset_limits_the_tilt_between():
    """Half of the tilt at 2.5 mm slices of 0.5 mm pixels; the angle stays what was drawn."""
    spacing = (2.5, 0.5, 0.5)
    assert out_of_plane_share(spacing) == pytest.approx(0.5)
    for seed in range(300):
        pair = [draw_transform(np.random.default_rng(seed), 1, preset, spacing).operators[0] for preset in TransformPreset]
        paper, limited = pair
        if isinstance(paper, Rotation):
            assert limited.angle_deg == paper.angle_deg
            assert np.allclose(limited.axis[1:], np.multiply(paper.axis[1:], 0.5))
            assert np.linalg.norm(limited.axis) == pytest.approx(1)
        elif isinstance(paper, Scaling) and paper.array_axis == 0:
            assert limited.factor - 1 == pytest.approx((paper.factor - 1) / 2)
        else:
            assert limited == paper


def test_slice_axis_is_the_one_with_the_largest_spacing():
    for seed in range(100):
        transform = draw_transform(np.random.default_rng(seed), 5, TransformPreset.ANISOTROPIC, (0.45, 0.45, 5.0))
        assert transform.exact_signs[2] is not None


def test_default_preset_depends_on_the_spacing():
    assert default_preset(THICK) is TransformPreset.ANISOTROPIC
    assert default_preset(THIN) is TransformPreset.PAPER
    assert default_preset((1.0, 1.0, 1.0)) is TransformPreset.PAPER


@settings(max_examples=30)
@given(seed=seeds, spacing=spacings)
def test_both_presets_agree_for_thin_slices(seed, spacing):
    spacing = (1.0, *spacing[1:])
    paper, anisotropic = (draw_transform(np.random.default_rng(seed), 5, preset, spacing) for preset in TransformPreset)
    assert paper == anisotropic


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Rotation(5, (0, 0, 0)),
        lambda: Rotation(float("nan"), (1, 0, 0)),
        lambda: Flip(3),
        lambda: Scaling(0, 1),
        lambda: Scaling(float("inf"), 1),
        lambda: draw_transform(np.random.default_rng(0), -1, TransformPreset.PAPER, THIN),
        lambda: out_of_plane_share((0, 1, 1)),
        lambda: SpatialTransform.from_json({"kind": "flip"}),
        lambda: SpatialTransform.from_json([{"kind": "shear"}]),
        lambda: SpatialTransform.from_json([{"kind": "flip"}]),
        lambda: SpatialTransform.from_json([{"kind": "rotation", "angle_deg": 3, "axis": [1, 0]}]),
        lambda: SpatialTransform.from_json(["flip"]),
    ],
)
def test_nonsense_is_refused(wrong):
    with pytest.raises(ArgumentError):
        wrong()


@pytest.mark.parametrize("axes", [(2,), (1, 2), ()])
def test_only_axes_that_a_network_knows_mirrored_are_flipped(axes):
    operators = draw_transform(np.random.default_rng(0), 3000, TransformPreset.ANISOTROPIC, THICK, axes).operators
    flips = [operator.array_axis for operator in operators if isinstance(operator, Flip)]
    assert set(flips) == set(axes)
    assert len(flips) == pytest.approx(1000 if axes else 0, abs=100)
    assert sum(isinstance(operator, Rotation) for operator in operators) == pytest.approx(1000 if axes else 1500, abs=120)


def test_the_papers_transforms_flip_every_axis():
    operators = draw_transform(np.random.default_rng(0), 300, TransformPreset.PAPER, THIN, (2,)).operators
    assert {operator.array_axis for operator in operators if isinstance(operator, Flip)} == {0, 1, 2}
