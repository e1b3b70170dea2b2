"""Draws a synthetic head: parameters, canvas, soft tissue, skull, brain, and what `Anatomy` says about them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..head_ct import Spacing
from .anatomy import Anatomy, Tissue
from .brain import draw_brain
from .canvas import Canvas, blank_canvas
from .cranial_cavity import shape_cavity
from .head_parameters import HeadParameters, draw_head_parameters
from .skull import draw_air, draw_base, draw_vault
from .smooth_field import apply_separable, interpolation_matrix
from .soft_tissue import draw_orbits, draw_outside, skull_thickness
from .surgery import add_surgery

#: Landmarks in canonical mm (left side; x is mirrored for the right).
_PLACES = {
    "basal_ganglia": (25.0, 0.0, 2.0),
    "thalamus": (12.0, 17.0, 6.0),
    "cerebellum": (26.0, 62.0, -38.0),
    "frontal": (28.0, -42.0, 22.0),
    "parietal": (32.0, 50.0, 40.0),
    "temporal": (45.0, 8.0, -22.0),
    "occipital": (26.0, 80.0, 10.0),
}
_PONS = (0.0, 23.0, -32.0)


def draw_synthetic_head(rng: np.random.Generator, spacing: Spacing) -> Anatomy:
    """Draw a head on a working grid of the given spacing (mm along slice, row, column)."""
    streams = iter(rng.spawn(8))
    head = draw_head_parameters(next(streams))
    canvas = blank_canvas(next(streams), spacing, head.scale, head.warp_mm, head.asymmetry)
    stream = next(streams)
    shape_cavity(stream, canvas, head)
    thickness = skull_thickness(stream, canvas, head)
    draw_outside(next(streams), canvas, head, thickness)
    stream = next(streams)
    draw_base(stream, canvas, head)
    draw_vault(stream, canvas, head, thickness)
    draw_orbits(stream, canvas, head)
    draw_air(next(streams), canvas, head)
    draw_brain(next(streams), canvas, head)
    surgery = add_surgery(next(streams), canvas, head)
    return _describe(canvas, head, surgery)


def _describe(canvas: Canvas, head: HeadParameters, surgery: dict[str, object]) -> Anatomy:
    fields = canvas.fields
    inner = fields["inner"]
    intracranial = (inner < 0) & (canvas.z > -66)
    tissue = canvas.tissue
    brain = intracranial & np.isin(tissue, (Tissue.GREY, Tissue.WHITE))
    ventricles = intracranial & (tissue == Tissue.VENTRICLE)
    return Anatomy(
        tissue=tissue,
        hu=np.asarray(canvas.hu, np.float32),
        spacing=canvas.spacing,
        affine=grid_affine(canvas.spacing, canvas.origin),
        intracranial=intracranial,
        brain=brain,
        ventricles=ventricles,
        csf=intracranial & (tissue == Tissue.CSF),
        falx=intracranial & (fields["falx_sheet"] < 0.5 * canvas.softness),
        tentorium=intracranial & (fields["tent_sheet"] < 0.5 * canvas.softness),
        depth=true_depth(intracranial, canvas.spacing),
        midline=np.asarray(canvas.x * head.scale[2], np.float32),
        suture_distance=np.asarray(fields["suture"], np.float32),
        supratentorial=intracranial & (fields["infra"] <= 0),
        landmarks=_landmarks(canvas),
        age=head.age,
        parameters=head.description() | {"surgery": surgery},
    )


def true_depth(inside: NDArray[np.bool_], spacing: Spacing) -> NDArray[np.float32]:
    """Distance in mm inward from the surface of a mask (negative outside, capped at -20), measured on a grid of about 2.5 mm."""
    step = [max(1, round(2.4 / s)) for s in spacing]
    coarse = inside[:: step[0], :: step[1], :: step[2]]
    sampling = [s * k for s, k in zip(spacing, step, strict=True)]
    distance = ndimage.distance_transform_edt(coarse, sampling=sampling)
    outside = ndimage.distance_transform_edt(~coarse, sampling=sampling)
    half = 0.5 * float(np.mean(sampling))
    signed = np.where(coarse, distance - half, half - outside).astype(np.float32)
    matrices = [interpolation_matrix(np.arange(n) / k, c) for n, k, c in zip(inside.shape, step, coarse.shape, strict=True)]
    fine = apply_separable(signed, matrices)
    return np.where(inside, np.maximum(fine, np.float32(0.05)), np.minimum(np.maximum(fine, np.float32(-20)), 0)).astype(
        np.float32
    )


def grid_affine(spacing: Spacing, origin: NDArray[np.float64]) -> NDArray[np.float64]:
    """Index (slice, row, column) to R, A, S: slices grow to superior, rows to posterior, columns to left; `origin` at 0."""
    affine = np.zeros((4, 4))
    affine[2, 0], affine[1, 1], affine[0, 2] = spacing[0], -spacing[1], -spacing[2]
    affine[3, 3] = 1
    affine[:3, 3] = -affine[:3, :3] @ origin
    return affine


def landmark_places() -> dict[str, tuple[float, float, float]]:
    """Landmarks by name in canonical mm (left, posterior, superior of the anterior commissure)."""
    places = {f"{name}_{s}": (x if s == "left" else -x, y, z) for name, (x, y, z) in _PLACES.items() for s in ("left", "right")}
    return places | {"pons": _PONS}


def _landmarks(canvas: Canvas) -> dict[str, NDArray[np.float64]]:
    """Find each landmark in the warped head: the voxel whose canonical coordinates are nearest to it."""
    out = {}
    places = landmark_places()
    for name, place in places.items():
        box = canvas.box(place, 4)
        x, y, z = place
        off = (canvas.x[box] - x) ** 2 + (canvas.y[box] - y) ** 2 + (canvas.z[box] - z) ** 2
        index = np.unravel_index(int(np.argmin(off)), off.shape)
        out[name] = np.array([i + s.start for i, s in zip(index, box, strict=True)], dtype=np.float64)
    return out
