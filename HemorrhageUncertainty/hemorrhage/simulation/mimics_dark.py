"""Dark findings: infarcts, scars, white-matter disease, hygroma, cysts, edema."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import ndimage

from . import sdh
from .anatomy import Tissue
from .lesion_noise import draw_noise
from .lesion_shape import BleedPlan, bounding_box, landmark, nearest_voxel, offsets_mm, voxel_ml
from .mimic_canvas import MimicCanvas

Entry = dict[str, Any]


def _draw_side(canvas: MimicCanvas) -> int:
    return int(canvas.rng.choice((-1, 1)))


def _wedge(canvas: MimicCanvas, radius_mm: float, edge_mm: float) -> tuple[Any, Any, int] | None:
    """Share of a territory: an irregular ball that reaches the surface, brain of one side only."""
    a, rng = canvas.anatomy, canvas.rng
    side = _draw_side(canvas)
    place = str(rng.choice(("frontal", "parietal", "temporal", "occipital", "cerebellum"), p=(0.25, 0.25, 0.25, 0.15, 0.1)))
    target = landmark(a, place, side) + rng.normal(0, 8, 3) / np.asarray(a.spacing)
    center = nearest_voxel(a.brain & (a.midline * side > 3) & (a.depth > 3), target, a.spacing)
    if center is None:
        return None
    box, share = canvas.ball(center, radius_mm, 0.3, edge_mm)
    return box, share * (a.brain[box] & (a.midline[box] * side > 1)), side


def acute_infarct(canvas: MimicCanvas) -> Entry | None:
    """Fresh infarct: cortex and white matter become alike and slightly dark."""
    drawn = _wedge(canvas, float(canvas.rng.uniform(10, 38)), 5.0)
    if drawn is None:
        return None
    box, share, _ = drawn
    value = float(canvas.rng.uniform(20, 29))
    part = canvas.hu[box]
    target = np.minimum(part, value + 0.15 * (part - value))
    return {"hu": value, "ml": canvas.blend(box, share, target)}


def old_infarct(canvas: MimicCanvas) -> Entry | None:
    """Old infarct: near the density of fluid, sharply bounded."""
    drawn = _wedge(canvas, float(canvas.rng.uniform(6, 30)), 2.0)
    if drawn is None:
        return None
    box, share, _ = drawn
    value = float(canvas.rng.uniform(7, 18))
    return {
        "hu": value,
        "ml": canvas.blend(box, share, value + 2 * draw_noise(canvas.rng, share.shape, canvas.anatomy.spacing, 6)),
    }


def encephalomalacia(canvas: MimicCanvas) -> Entry | None:
    """Scar after contusion or surgery at the surface, with strands of tissue."""
    drawn = _wedge(canvas, float(canvas.rng.uniform(8, 25)), 4.0)
    if drawn is None:
        return None
    box, share, _ = drawn
    strands = 10 * np.clip(draw_noise(canvas.rng, share.shape, canvas.anatomy.spacing, 3.0), 0, 2)
    return {"ml": canvas.blend(box, share, float(canvas.rng.uniform(6, 14)) + strands)}


def lacunes(canvas: MimicCanvas) -> Entry:
    """Small old infarcts of the basal ganglia and thalamus."""
    count = int(canvas.rng.integers(1, 6))
    for _ in range(count):
        place = str(canvas.rng.choice(("basal_ganglia", "thalamus")))
        center = landmark(canvas.anatomy, place, _draw_side(canvas)) + canvas.rng.normal(0, 5, 3) / np.asarray(
            canvas.anatomy.spacing
        )
        box, share = canvas.ball(center, float(canvas.rng.uniform(1.2, 4.5)), 0.2)
        canvas.blend(box, share * canvas.anatomy.brain[box], float(canvas.rng.uniform(6, 20)))
    return {"count": count}


def white_matter_disease(canvas: MimicCanvas) -> Entry | None:
    """Dark white matter around the ventricles, patchy farther out."""
    a, rng = canvas.anatomy, canvas.rng
    if not a.ventricles.any():
        return None
    # Half resolution: the rim is blurred anyway.
    box = bounding_box(a.ventricles, 14)
    steps = tuple(slice(s.start, s.stop, 2) for s in box)
    distance = ndimage.distance_transform_edt(~a.ventricles[steps], sampling=[2 * s for s in a.spacing]).astype(np.float32)
    distance = np.repeat(np.repeat(np.repeat(distance, 2, 0), 2, 1), 2, 2)[tuple(slice(0, s.stop - s.start) for s in box)]
    reach = float(rng.uniform(5, 18))
    noise = draw_noise(rng, distance.shape, a.spacing, 9.0)
    drop = float(rng.uniform(4, 12))
    share = np.clip(1.2 - distance / (reach * np.clip(1 + 0.4 * noise, 0.2, 2)), 0, 1)
    share = ndimage.gaussian_filter(share * (a.tissue[box] == Tissue.WHITE), 0.7)
    canvas.lower(box, share * drop * a.brain[box] * a.supratentorial[box], floor=14.0)
    return {"drop": drop, "reach_mm": reach}


def hygroma(canvas: MimicCanvas) -> Entry | None:
    """A crescent of fluid under the skull, with the shape of a subdural hematoma: a hygroma, or blood so old that it is fluid."""
    side = _draw_side(canvas)
    if not canvas.free[canvas.anatomy.intracranial & (canvas.anatomy.midline * side > 0)].all():
        return None
    plan = BleedPlan("SDH", float(canvas.rng.uniform(5, 45)), "convexity", side)
    shape = sdh.draw_shape(canvas.rng, canvas.anatomy, plan)
    if shape is None:
        return None
    level = shape.level(shape.threshold(plan.volume_ml, voxel_ml(canvas.anatomy)))
    share = np.clip(level + 0.5, 0, 1) * shape.allowed
    value = float(canvas.rng.uniform(3, 24))
    return {"hu": value, "side": "left" if side > 0 else "right", "ml": canvas.blend(shape.box, share, value)}


def arachnoid_cyst(canvas: MimicCanvas) -> Entry | None:
    """A smooth pocket of fluid at the temporal pole or in the posterior fossa."""
    a, side = canvas.anatomy, _draw_side(canvas)
    if canvas.rng.random() < 0.65:
        target = landmark(a, "temporal", side) + np.array([0, -18.0, side * 4]) / a.spacing
    else:
        target = landmark(a, "cerebellum", side) * (1, 1, 0.5) + landmark(a, "cerebellum", -side) * (0, 0, 0.5)
        target = target + np.array([0, 22.0, 0]) / a.spacing
    center = nearest_voxel(a.intracranial & (a.depth > 3) & (a.depth < 14), target, a.spacing)
    if center is None:
        return None
    box, share = canvas.ball(center, float(canvas.rng.uniform(8, 24)), 0.06)
    fold = a.falx[box] | a.tentorium[box]
    return {"ml": canvas.blend(box, share * (a.intracranial[box] & ~fold), float(canvas.rng.uniform(2, 10)))}


def cavum(canvas: MimicCanvas) -> Entry:
    """Cavum septi pellucidi (and vergae): fluid between the lateral ventricles."""
    a = canvas.anatomy
    center = (landmark(a, "basal_ganglia", 1) + landmark(a, "basal_ganglia", -1)) / 2 + np.array([10.0, -2, 0]) / a.spacing
    box = bounding_box(np.zeros(a.shape, bool))
    x = offsets_mm(a, box, center)
    length = float(canvas.rng.uniform(8, 24))
    half_width = float(canvas.rng.uniform(1.5, 4.5))
    r = np.sqrt((x[0] / 6.0) ** 2 + (x[1] / length) ** 2 + (a.midline / half_width) ** 2)
    share = np.clip((1 - r) * half_width + 0.5, 0, 1) * a.intracranial
    canvas.blend(box, np.asarray(share, np.float32), float(canvas.rng.uniform(4, 10)))
    return {"length_mm": 2 * length}


def diffuse_edema(canvas: MimicCanvas) -> Entry:
    """Swollen dark brain without contrast between cortex and white matter: dura and vessels look dense, as blood would."""
    a = canvas.anatomy
    box = bounding_box(a.brain)
    value = float(canvas.rng.uniform(22, 30))
    strength = float(canvas.rng.uniform(0.4, 0.9))
    canvas.blend(box, np.asarray(strength * a.brain[box], np.float32), value)
    narrow = a.csf[box] & ~a.ventricles[box]
    canvas.blend(box, np.asarray(0.7 * narrow, np.float32), value)
    return {"hu": value}
