"""Dense findings without hemorrhage: calcium, dense vessels and dura, tumors, opacified sinuses, scalp, surgical material."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .anatomy import Tissue
from .lesion_noise import draw_noise
from .lesion_shape import bounding_box, landmark, nearest_voxel, offsets_mm
from .mimic_canvas import MimicCanvas
from .trauma import add_scalp_swelling

Entry = dict[str, Any]


def _calcium(canvas: MimicCanvas) -> float:
    """HU of a calcification as resolved by the grid: faint ones look like blood, dense ones like bone."""
    return float(canvas.rng.uniform(55, 95) if canvas.rng.random() < 0.35 else canvas.rng.uniform(90, 450))


def _draw_side(canvas: MimicCanvas) -> int:
    return int(canvas.rng.choice((-1, 1)))


def _jitter(canvas: MimicCanvas, mm: float) -> NDArray[np.float64]:
    return canvas.rng.normal(0, mm, 3) / np.asarray(canvas.anatomy.spacing)


def _nearest(canvas: MimicCanvas, mask: NDArray[np.bool_], point: NDArray[np.float64]) -> NDArray[np.float64] | None:
    return nearest_voxel(mask, point, canvas.anatomy.spacing)


def _thalami(canvas: MimicCanvas) -> NDArray[np.float64]:
    return (landmark(canvas.anatomy, "thalamus", 1) + landmark(canvas.anatomy, "thalamus", -1)) / 2


def basal_ganglia_calcification(canvas: MimicCanvas) -> Entry:
    """Punctate to patchy calcium of the pallidum, mostly on both sides."""
    value = _calcium(canvas)
    sides = (-1, 1) if canvas.rng.random() < 0.75 else (_draw_side(canvas),)
    for side in sides:
        center = landmark(canvas.anatomy, "basal_ganglia", side) + np.array([0, 3, -side * 5]) / canvas.anatomy.spacing
        box, share = canvas.ball(center + _jitter(canvas, 2), float(canvas.rng.uniform(1.2, 6)), 0.4, 1.5)
        canvas.blend(box, share * canvas.anatomy.brain[box], value * float(canvas.rng.uniform(0.7, 1.1)))
    return {"hu": value, "sides": len(sides)}


def choroid_plexus_calcification(canvas: MimicCanvas) -> Entry | None:
    """Calcified plexus in the trigones, mostly on both sides."""
    value = _calcium(canvas)
    found = False
    for side in (-1, 1):
        if canvas.rng.random() < 0.12:
            continue
        target = landmark(canvas.anatomy, "thalamus", side) + np.array([2.0, 24, side * 12]) / canvas.anatomy.spacing
        own = canvas.anatomy.ventricles & (canvas.anatomy.midline * side > 3)
        center = _nearest(canvas, own, target + _jitter(canvas, 3))
        if center is None:
            continue
        box, share = canvas.ball(center, float(canvas.rng.uniform(1.0, 4.0)), 0.3)
        room = ndimage.binary_dilation(canvas.anatomy.ventricles[box])
        found |= canvas.blend(box, share * room, value * float(canvas.rng.uniform(0.7, 1.2))) > 0
    return {"hu": value} if found else None


def pineal_calcification(canvas: MimicCanvas) -> Entry:
    """Calcified pineal gland, behind and between the thalami."""
    value = _calcium(canvas)
    center = _thalami(canvas) + np.array([-2.0, 15, 0]) / canvas.anatomy.spacing + _jitter(canvas, 1.5)
    box, share = canvas.ball(center, float(canvas.rng.uniform(1.2, 4.0)), 0.25)
    canvas.blend(box, share * canvas.anatomy.intracranial[box], value)
    return {"hu": value}


def falx_calcification(canvas: MimicCanvas) -> Entry | None:
    """Plaques of the falx or the tentorium."""
    where = np.argwhere(canvas.anatomy.falx | canvas.anatomy.tentorium)
    if not len(where):
        return None
    value = _calcium(canvas)
    count = int(canvas.rng.integers(1, 5))
    for _ in range(count):
        center = where[canvas.rng.integers(len(where))].astype(np.float64)
        box, share = canvas.ball(center, float(canvas.rng.uniform(1.5, 10)), 0.3)
        fold = canvas.anatomy.falx[box] | canvas.anatomy.tentorium[box]
        canvas.blend(box, share * fold, value)
    return {"hu": value, "count": count}


def parenchymal_calcification(canvas: MimicCanvas) -> Entry | None:
    """Small calcium or a cavernoma anywhere in the brain."""
    where = np.argwhere(canvas.anatomy.brain)
    if not len(where):
        return None
    value = _calcium(canvas)
    count = int(canvas.rng.integers(1, 4))
    for _ in range(count):
        box, share = canvas.ball(
            where[canvas.rng.integers(len(where))].astype(np.float64), float(canvas.rng.uniform(1, 4.5)), 0.3
        )
        canvas.blend(box, share * canvas.anatomy.intracranial[box], value)
    return {"hu": value, "count": count}


def dense_dura(canvas: MimicCanvas) -> Entry:
    """Dense, sometimes thick, falx and tentorium: mimics a thin subdural or subarachnoid layer."""
    fold = canvas.anatomy.falx | canvas.anatomy.tentorium
    box = bounding_box(fold, 2)
    share = fold[box].astype(np.float32)
    if canvas.rng.random() < 0.35:
        share = np.maximum(share, 0.6 * ndimage.binary_dilation(fold[box], np.ones((1, 1, 3))))
    value = float(canvas.rng.uniform(48, 80))
    canvas.blend(box, np.asarray(share * canvas.anatomy.intracranial[box] * 0.85, np.float32), value)
    return {"hu": value}


def dense_sinus(canvas: MimicCanvas) -> Entry:
    """Dense blood in the venous sinuses: superior sagittal (along the midline) and transverse (at the tentorium's rim)."""
    a = canvas.anatomy
    value = float(canvas.rng.uniform(50, 78))
    sagittal = (a.depth > 0) & (a.depth < canvas.rng.uniform(4, 8)) & (np.abs(a.midline) < canvas.rng.uniform(2, 4.5))
    sagittal &= a.supratentorial & a.intracranial
    vessel = a.intracranial & (a.tissue == Tissue.VESSEL)
    rim = np.zeros_like(sagittal)
    if canvas.rng.random() < 0.7 and a.tentorium.any():
        box = bounding_box(a.tentorium, 4)
        near = ndimage.binary_dilation(a.tentorium[box], iterations=2)
        reach = float(canvas.rng.uniform(4, 8))
        rim[box] = near & (a.depth[box] > 0) & (a.depth[box] < reach)
    mask = sagittal | rim | vessel
    box = bounding_box(mask, 1)
    canvas.blend(box, ndimage.uniform_filter(mask[box].astype(np.float32), (1, 2, 2)) * a.intracranial[box], value)
    return {"hu": value}


def dense_vessel(canvas: MimicCanvas) -> Entry:
    """A dense middle cerebral artery: a thin tube from the suprasellar region into the Sylvian fissure."""
    side = _draw_side(canvas)
    a = canvas.anatomy
    start = landmark(a, "pons", 1) + np.array([16.0, -22, side * 8]) / a.spacing
    stop = 0.5 * (landmark(a, "basal_ganglia", side) + landmark(a, "temporal", side)) + _jitter(canvas, 3)
    value, radius = float(canvas.rng.uniform(48, 75)), float(canvas.rng.uniform(0.9, 1.8))
    for t in np.linspace(0, 1, 14):
        bend = np.array([3.0 * np.sin(3.1 * t), 0, 0]) / a.spacing
        box, share = canvas.ball(start + t * (stop - start) + bend, radius, 0.05)
        canvas.blend(box, share * a.intracranial[box], value)
    return {"hu": value, "side": "left" if side > 0 else "right"}


def meningioma(canvas: MimicCanvas) -> Entry | None:
    """A dense round mass with a broad base on the dura."""
    a = canvas.anatomy
    shell = a.intracranial & (((a.depth > 1) & (a.depth < 4)) | a.falx) & a.supratentorial
    where = np.argwhere(shell)
    if not len(where):
        return None
    radius = float(canvas.rng.uniform(5, 22))
    box, share = canvas.ball(where[canvas.rng.integers(len(where))].astype(np.float64), radius, 0.08)
    share = share * (a.intracranial[box] & ~a.ventricles[box])
    value = float(canvas.rng.uniform(40, 58))
    texture = 2.0 * draw_noise(canvas.rng, share.shape, a.spacing, 4.0)
    if canvas.rng.random() < 0.25:
        texture = texture + 80 * np.clip(draw_noise(canvas.rng, share.shape, a.spacing, 2.5) - 1.3, 0, 1)
    return {"hu": value, "ml": canvas.blend(box, share, value + texture)}


def dense_mass(canvas: MimicCanvas) -> Entry | None:
    """A slightly dense tumor of the brain (lymphoma, metastasis) with edema."""
    a = canvas.anatomy
    where = np.argwhere(a.brain & (a.depth > 10))
    if not len(where):
        return None
    center = where[canvas.rng.integers(len(where))].astype(np.float64)
    radius, value = float(canvas.rng.uniform(4, 14)), float(canvas.rng.uniform(38, 50))
    box, wide = canvas.ball(center, radius + float(canvas.rng.uniform(4, 15)), 0.3, 8.0)
    canvas.lower(box, wide * (a.tissue[box] == Tissue.WHITE) * float(canvas.rng.uniform(6, 14)))
    box, share = canvas.ball(center, radius, 0.15, 2.0)
    return {"hu": value, "ml": canvas.blend(box, share * a.brain[box], value)}


def colloid_cyst(canvas: MimicCanvas) -> Entry:
    """A small dense ball at the roof of the third ventricle."""
    center = _thalami(canvas) + np.array([8.0, -12, 0]) / canvas.anatomy.spacing
    value = float(canvas.rng.uniform(45, 75))
    box, share = canvas.ball(center, float(canvas.rng.uniform(3, 7)), 0.05)
    canvas.blend(box, share * canvas.anatomy.intracranial[box], value)
    return {"hu": value}


def opacified_sinus(canvas: MimicCanvas) -> Entry | None:
    """Fluid, mucosa or blood in air cells of the skull base: some of the sinuses, wholly or up to a level."""
    air = canvas.anatomy.tissue == Tissue.SINUS_AIR
    if not air.any():
        return None
    box = bounding_box(air)
    center = np.argwhere(air[box])[canvas.rng.integers(air.sum())] + [s.start for s in box]
    x = offsets_mm(canvas.anatomy, box, center.astype(np.float64))
    reach = float(canvas.rng.uniform(12, 40))
    part = air[box] & (np.sqrt(x[0] ** 2 + x[1] ** 2 + x[2] ** 2) < reach)
    if canvas.rng.random() < 0.4:
        part &= x[1] > canvas.rng.normal(0, 4)
    value = float(canvas.rng.uniform(5, 70))
    canvas.blend(box, part.astype(np.float32), value)
    return {"hu": value}


def scalp_swelling(canvas: MimicCanvas) -> Entry | None:
    """Subgaleal hematoma or edema without intracranial hemorrhage below it."""
    a = canvas.anatomy
    place = str(canvas.rng.choice(("frontal", "parietal", "temporal", "occipital")))
    side = _draw_side(canvas)
    point = landmark(a, place, side) + np.array([10.0, 0, side * 40]) / a.spacing
    done = add_scalp_swelling(canvas.rng, a, canvas.hu, a.tissue.copy(), point)
    return {"place": place, "side": "left" if side > 0 else "right"} if done else None


def shunt(canvas: MimicCanvas) -> Entry | None:
    """A ventricular catheter from the skull to a lateral ventricle."""
    a, side = canvas.anatomy, _draw_side(canvas)
    end = _nearest(canvas, a.ventricles & (a.midline * side > 2), landmark(a, "thalamus", side))
    if end is None:
        return None
    entry = landmark(a, str(canvas.rng.choice(("frontal", "parietal"))), side) + np.array([45.0, 0, side * 8]) / a.spacing
    value, radius = float(canvas.rng.uniform(80, 500)), float(canvas.rng.uniform(1.0, 1.6))
    steps = int(np.linalg.norm((end - entry) * a.spacing) / 1.5) + 2
    for t in np.linspace(0, 1, steps):
        box, share = canvas.ball(entry + t * (end - entry), radius, 0.0)
        canvas.blend(box, share * (a.depth[box] > -8) * (a.tissue[box] != Tissue.AIR), value)
    return {"hu": value}


def surgical_metal(canvas: MimicCanvas) -> Entry:
    """An aneurysm clip or coil near the skull base; the scanner makes streaks of it."""
    a = canvas.anatomy
    center = landmark(a, "pons", 1) + np.array([15.0, -22, _draw_side(canvas) * 8]) / a.spacing + _jitter(canvas, 4)
    value = float(canvas.rng.uniform(2000, 6000))
    box, share = canvas.ball(center, float(canvas.rng.uniform(1.2, 3.5)), 0.2)
    canvas.blend(box, share * a.intracranial[box], value)
    return {"hu": value}
