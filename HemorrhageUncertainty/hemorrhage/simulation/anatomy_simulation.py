"""Draw the anatomy of one head from scratch."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .anatomy import Anatomy, Tissue
from .intracranial import paint_brain
from .canvas import Canvas, blank_canvas
from .cranial_cavity import shape_cavity
from .head_parameters import draw_head_parameters
from .skull import draw_base, draw_vault
from .soft_tissue import draw_orbits, draw_outside, skull_thickness

#: Landmarks in canonical mm (left, posterior, superior of the anterior commissure); left ones, the right ones are mirrored.
_PAIRED = {
    "basal_ganglia": (25.0, 3.0, 2.0),
    "thalamus": (11.5, 20.0, 7.0),
    "cerebellum": (26.0, 66.0, -36.0),
    "frontal": (30.0, -32.0, 30.0),
    "parietal": (36.0, 50.0, 44.0),
    "temporal": (50.0, 18.0, -14.0),
    "occipital": (26.0, 88.0, 8.0),
}
_PONS = (0.0, 28.0, -32.0)
#: What counts as parenchyma.
_BRAIN = (Tissue.GREY, Tissue.WHITE)


def simulate_anatomy(rng: np.random.Generator, spacing: tuple[float, float, float] = (2.0, 1.2, 1.2)) -> Anatomy:
    """Draw a head with its neck and face.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness; one child generator per part, so that a change in one part leaves the others as they were.
    spacing : tuple of float
        Working grid in mm along slice, row and column.
    """
    choices, layout, skull_rng, brain_rng = rng.spawn(4)
    head = draw_head_parameters(choices)
    canvas = blank_canvas(layout, spacing, head.scale, head.warp_mm, head.asymmetry)
    shape_cavity(skull_rng, canvas, head)
    thickness = skull_thickness(skull_rng, canvas, head)
    draw_outside(skull_rng, canvas, head, thickness)
    draw_vault(skull_rng, canvas, head, thickness)
    draw_base(skull_rng, canvas, head)
    draw_orbits(skull_rng, canvas, head)
    inner = canvas.fields["inner"]
    fields = paint_brain(canvas, head, inner, brain_rng)
    tissue = canvas.tissue
    inside = inner < 0
    above_neck = canvas.z > -62  # the spinal canal is not part of the head's own space
    intracranial = inside & above_neck & ~np.isin(tissue, (Tissue.BONE, Tissue.DIPLOE, Tissue.SINUS_AIR))
    brain = np.isin(tissue, _BRAIN) & intracranial
    return Anatomy(
        tissue=tissue,
        hu=canvas.hu,
        spacing=spacing,
        affine=_affine(canvas),
        intracranial=intracranial,
        brain=brain,
        ventricles=(tissue == Tissue.VENTRICLE) & intracranial,
        csf=(tissue == Tissue.CSF) & intracranial,
        falx=fields.falx & intracranial,
        tentorium=fields.tentorium & intracranial,
        depth=np.where(above_neck, -inner, -1).astype(np.float32),
        midline=canvas.x * np.float32(head.scale[2]),
        suture_distance=canvas.fields["suture"],
        supratentorial=fields.supratentorial & intracranial,
        landmarks=_landmarks(canvas),
        age=head.age,
        parameters=head.description(),
    )


def _landmarks(canvas: Canvas) -> dict[str, NDArray[np.float64]]:
    """Index position of the voxel whose (warped) canonical coordinates are nearest to each landmark."""
    points = {"pons": _PONS}
    for name, (x, y, z) in _PAIRED.items():
        points[f"{name}_left"] = (x, y, z)
        points[f"{name}_right"] = (-x, y, z)
    found = {}
    for name, point in points.items():
        box = canvas.box(point, 4.0)
        squared = (canvas.x[box] - point[0]) ** 2 + (canvas.y[box] - point[1]) ** 2 + (canvas.z[box] - point[2]) ** 2
        index = np.unravel_index(int(squared.argmin()), squared.shape)
        found[name] = np.array([s.start + i for s, i in zip(box, index, strict=True)], dtype=np.float64)
    return found


def _affine(canvas: Canvas) -> NDArray[np.float64]:
    affine = np.zeros((4, 4))
    affine[2, 0] = canvas.spacing[0]
    affine[1, 1] = -canvas.spacing[1]
    affine[0, 2] = -canvas.spacing[2]
    affine[3, 3] = 1
    middle = (np.array(canvas.hu.shape) - 1) / 2
    affine[:3, 3] = -affine[:3, :3] @ middle
    return affine
