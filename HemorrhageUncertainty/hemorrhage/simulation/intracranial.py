"""What lies inside the skull: grey and white matter with sulci, ventricles, cisterns, dura, venous sinuses, calcifications."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .anatomy import Tissue
from .canvas import Array, Canvas, smooth_union
from .head_parameters import HeadParameters
from .smooth_field import smooth_field

_SIDES = (-1.0, 1.0)
Mask = NDArray[np.bool_]


@dataclass
class BrainFields:
    """Masks and distances (working grid) that later parts of the simulation need."""

    supratentorial: Mask
    falx: Mask
    tentorium: Mask


def paint_brain(canvas: Canvas, head: HeadParameters, inner: Array, rng: np.random.Generator) -> BrainFields:
    """Paint everything inside `inner` (signed distance to the inner table, negative inside)."""
    x, y, z = canvas.x, canvas.y, canvas.z
    depth = -inner
    inside = depth > 0
    grey, white = head.white + head.grey_contrast, head.white
    tent = z - canvas.fields["tent"]
    supra = inside & (canvas.fields["infra"] < 0)

    # Cerebrospinal fluid first, then everything else inside it.
    canvas.paint(inner, head.csf, Tissue.CSF)
    csf = _csf_distance(canvas, head, depth, supra, tent, rng)
    texture = 1.2 * canvas.field(rng, 14.0) + 0.8 * canvas.field(rng, 6.0)
    canvas.paint(-csf, grey + texture, Tissue.GREY)
    ribbon = np.float32(rng.uniform(2.6, 3.6)) + 0.5 * canvas.field(rng, 20.0)
    canvas.paint(np.where(supra, ribbon - csf, 3.5 * ribbon - csf).astype(np.float32), white + texture, Tissue.WHITE)
    _paint_deep(canvas, head, grey, texture)
    _paint_ventricles(canvas, head, rng)
    fields = _paint_dura(canvas, head, inner, supra, tent, rng)
    _paint_calcifications(canvas, rng)
    return fields


def _csf_distance(
    canvas: Canvas, head: HeadParameters, depth: Array, supra: Mask, tent: Array, rng: np.random.Generator
) -> Array:
    """Signed distance in mm from the brain's surface: positive in parenchyma, negative in CSF outside the ventricles."""
    x, y, z = canvas.x, canvas.y, canvas.z
    gap = np.float32(0.5 + 2.2 * head.atrophy) * np.clip(1 + 0.5 * canvas.field(rng, 60.0), 0.2, 2.5)
    front = 1 + 0.6 * head.atrophy * np.clip((-y - 5) / 60, 0, 1)
    distance = depth - gap * front
    sulci = _sulci(canvas, head, depth, rng)
    distance = np.minimum(distance, np.where(supra, sulci, distance))
    # Folia of the cerebellum: fine, nearly horizontal fissures.
    folia = np.abs(np.sin((z + 0.35 * y + 2.5 * canvas.field(rng, 25.0)) * np.float32(2 * np.pi / 7.5))) * 1.9
    folia = folia - (0.15 + 0.35 * head.atrophy) + np.maximum(0, depth - 12) * 0.4
    distance = np.where(supra, distance, np.minimum(distance, folia + 0.3))

    wide = head.atrophy
    fissure = np.abs(x) - (0.5 + 0.9 * wide)
    core = canvas.ellipsoid((0, 14, 2), (34, 52, 27))
    fissure = np.maximum(fissure, 2.0 - core)
    distance = np.where(supra & (z > -22), np.minimum(distance, fissure), distance)
    parts = []
    wave = canvas.field(rng, 30.0)
    for side in _SIDES:
        # The Sylvian fissure: a tilted, slightly wavy sheet from the convexity to the insula, and the cistern over the insula.
        out, v = x * side, y - 8
        w = z - 0.28 * (y - 10) - 2.5 * wave
        sylvian = np.sqrt(np.maximum(np.abs(out - 56) - 15, 0) ** 2 + np.maximum(np.abs(v) - 28, 0) ** 2 * 0.5 + w**2)
        sylvian = sylvian - (0.5 + 1.5 * wide) * np.clip((out - 34) / 14, 0.4, 1.2)
        lips = out - 39 + 0.010 * v**2 + 0.02 * w**2
        insula = np.sqrt(lips**2 + np.maximum(np.hypot(v * 0.6, w * 0.9) - 9, 0) ** 2) - (0.7 + 1.3 * wide)
        parts.append(np.where(out > 0, np.minimum(sylvian, insula), 50.0))
        parts.append(canvas.ellipsoid((side * 24, 27, -38), (11, 5, 6)))
    parts.append(canvas.ellipsoid((0, -6, -19), (13 + 3 * wide, 10, 7)))
    parts.append(canvas.ellipsoid((0, 13, -34), (13, 4.5 + wide, 17)))
    parts.append(canvas.ellipsoid((0, 84, -60), (15, 12, 9)))
    parts.append(canvas.ellipsoid((0, 44, 4), (9 + 3 * wide, 6, 6)))
    midbrain = canvas.ellipsoid((0, 24, -12), (18, 15, 18)) + 2.2 * wave + 1.2 * canvas.field(rng, 14.0)
    parts.append(np.maximum(np.abs(midbrain - 1.6) - (0.5 + 1.0 * wide), np.abs(z + 9) - 10))
    medulla = canvas.capsule((0, 34, -50), (0, 40, -140), 8.5)
    parts.append(np.where((z < -62) & (np.hypot(x, y - 38) < 22), -medulla, 50.0))
    cistern = parts[0]
    for part in parts[1:]:
        cistern = np.minimum(cistern, part)
    return np.minimum(distance, cistern).astype(np.float32)


def _sulci(canvas: Canvas, head: HeadParameters, depth: Array, rng: np.random.Generator) -> Array:
    """Distance in mm to the nearest sulcus minus its half-width: sheets that hang from the surface, as real sulci do.

    A random field is looked up not at the voxel but at the point of the surface above it, so that its zero level is a
    sheet at right angles to the skull; a second, finer field makes side branches and bends the sheets.
    """
    near = (depth > -1) & (depth < head.sulcus_depth + 8)
    x, y, z = canvas.x[near], canvas.y[near], canvas.z[near]
    down = depth[near]
    center = np.array([0.0, 14.0, -2.0], dtype=np.float32)
    radius = np.sqrt((x - center[0]) ** 2 + (y - center[1]) ** 2 + (z - center[2]) ** 2) + 1
    lift = 1 + np.clip(down, 0, None) / radius
    coarse = (3.0, 3.0, 3.0)
    extent = (76, 90, 72)
    length = head.sulcus_spacing * 2.2
    wide_field = smooth_field(rng, extent, coarse, length)
    fine_field = smooth_field(rng, extent, coarse, length * 0.6)
    wobble = smooth_field(rng, extent, coarse, 22.0)
    positions = np.stack(
        [
            ((z - center[2]) * lift + center[2] + 110) / 3,
            ((y - center[1]) * lift + center[1] + 122) / 3,
            ((x - center[0]) * lift + center[0] + 108) / 3,
        ]
    )
    bend = ndimage.map_coordinates(wobble, np.stack([z + 110, y + 122, x + 108]) / 3, order=1, mode="nearest")
    positions[1] += bend * 0.9
    positions[2] -= bend * 0.9
    main = np.abs(ndimage.map_coordinates(wide_field, positions, order=1, mode="nearest")) * head.sulcus_spacing * 0.42
    side = np.abs(ndimage.map_coordinates(fine_field, positions, order=1, mode="nearest")) * head.sulcus_spacing * 0.28
    fade = np.clip(down / head.sulcus_depth, 0, 1.6)
    deep_limit = np.maximum(0, down - head.sulcus_depth * (1 + 0.35 * bend))
    main = main - head.sulcus_width * (1.15 - 0.6 * fade) + deep_limit
    side = side - 0.7 * head.sulcus_width * (1.1 - 0.9 * fade) + np.maximum(0, down - 0.55 * head.sulcus_depth)
    result = np.full(depth.shape, 30.0, dtype=np.float32)
    result[near] = np.minimum(main, side)
    return result


def _paint_deep(canvas: Canvas, head: HeadParameters, grey: float, texture: Array) -> None:
    def nucleus(center: tuple[float, float, float], radii: tuple[float, float, float], hu: float, tissue: Tissue) -> None:
        box = canvas.box(center, radii)
        canvas.paint(canvas.ellipsoid(center, radii, box) * 0.6, hu + texture[box], tissue, box)

    for side in _SIDES:
        nucleus((side * 13, -12, 9), (5.5, 10, 9), grey - 1, Tissue.GREY)
        nucleus((side * 25, 3, 2), (7.5, 17, 9), grey - 1, Tissue.GREY)
        nucleus((side * 11.5, 20, 7), (9, 14, 9), grey - 2, Tissue.GREY)
    nucleus((0, 24, -12), (17, 14, 17), head.white + 2, Tissue.WHITE)
    nucleus((0, 28, -32), (17, 13, 15), head.white + 1, Tissue.WHITE)
    box = canvas.capsule_box((0, 34, -48), (0, 40, -130), 9)
    canvas.paint(canvas.capsule((0, 34, -48), (0, 40, -130), 7.5, box), head.white + 2, Tissue.WHITE, box)


def _paint_ventricles(canvas: Canvas, head: HeadParameters, rng: np.random.Generator) -> None:
    x, y, z = canvas.x, canvas.y, canvas.z
    g = head.ventricle_growth
    box = canvas.box((0, 22, 2), (48, 66, 46))
    total: Array | None = None
    for side in _SIDES:
        grow = g + float(rng.normal(0, 0.35))
        path = [
            ((5.5, -30, 3), 2.6 + 0.8 * grow),
            ((9, -14, 15), 3.0 + grow),
            ((11, 10, 21), 3.0 + grow),
            ((18, 32, 20), 4.0 + grow),
            ((25, 44, 10), 5.0 + 1.2 * grow),
        ]
        occipital = [path[-1], ((25, 62, 6), 2.6 + 0.9 * grow + float(rng.normal(0, 0.5))), ((22, 76, 4), 1.0 + 0.5 * grow)]
        temporal = [path[-1], ((31, 30, -9), 1.6 + 0.6 * grow), ((32, 10, -19), 1.0 + 0.5 * grow)]
        for branch in (path, occipital, temporal):
            for (a, ra), (b, rb) in zip(branch, branch[1:], strict=False):
                part = _tapered(canvas, (side * a[0], a[1], a[2]), (side * b[0], b[1], b[2]), ra, rb, box)
                total = part if total is None else smooth_union(total, part, 3.0)
    assert total is not None
    nuclei = canvas.ellipsoid((0, 20, 4), (20, 15, 9), box)  # thalami and caudate keep the body's floor high
    total = np.maximum(total, np.minimum(np.where(np.abs(x[box]) < 21, -nuclei - 2, -9), 3) * 0.5)
    total = np.maximum(total, 0.9 - np.abs(x[box]))  # septum pellucidum
    third = canvas.ellipsoid((0, 12, -2), (1.6 + 0.55 * max(g, -1.2), 14, 11), box)
    total = np.minimum(total, third)
    total = total + 0.5 * canvas.field(rng, 10.0, box)
    around = np.exp(-np.maximum(total, 0) / 6.0) * (total > 0) * (z[box] > -14)
    white = canvas.tissue[box] == Tissue.WHITE
    canvas.hu[box][white] -= (head.leukoaraiosis * np.clip(around * (1 + 0.6 * canvas.field(rng, 12.0, box)), 0, 2))[white]
    canvas.paint(total.astype(np.float32), head.csf, Tissue.VENTRICLE, box)
    low = canvas.box((0, 48, -32), (12, 10, 16))
    fourth = canvas.ellipsoid((0, 46, -33), (7 + 0.5 * g, 5 + 0.4 * g, 11), low)
    canvas.paint(fourth, head.csf, Tissue.VENTRICLE, low)
    del y


def _tapered(
    canvas: Canvas,
    start: tuple[float, float, float],
    end: tuple[float, float, float],
    radius_a: float,
    radius_b: float,
    box: tuple[slice, slice, slice],
) -> Array:
    """Signed distance to a capsule whose radius runs from `radius_a` to `radius_b` (first order)."""
    a, b = np.asarray(start, dtype=np.float32), np.asarray(end, dtype=np.float32)
    d = b - a
    u, v, w = canvas.x[box] - a[0], canvas.y[box] - a[1], canvas.z[box] - a[2]
    t = np.clip((u * d[0] + v * d[1] + w * d[2]) / np.float32(d @ d), 0, 1)
    radius = np.maximum(radius_a + t * np.float32(radius_b - radius_a), 0.3)
    return (np.sqrt((u - t * d[0]) ** 2 + (v - t * d[1]) ** 2 + (w - t * d[2]) ** 2) - radius).astype(np.float32)


def _paint_dura(
    canvas: Canvas, head: HeadParameters, inner: Array, supra: Mask, tent: Array, rng: np.random.Generator
) -> BrainFields:
    x, y, z = canvas.x, canvas.y, canvas.z
    depth = -inner
    inside = depth > 0
    thick = float(rng.uniform(0.0, 0.6))
    corpus = canvas.ellipsoid((0, 14, 2), (36, 52, 30))
    reach = 4 + 8 * np.clip((-y + 10) / 60, 0, 1)  # the falx is short in front
    falx_distance = np.maximum(np.maximum(np.abs(x) - thick, reach - corpus), -(z + 18))
    falx_distance = np.where(supra & inside, falx_distance, 9).astype(np.float32)
    canvas.paint(falx_distance, head.dura, Tissue.DURA)
    notch = np.hypot(x / 22, (y - 26) / 28) - 1
    tent_distance = np.maximum(np.abs(z - tent) * 0.85 - thick, -notch * 20)
    tent_distance = np.where(inside & (y > 22), tent_distance, 9).astype(np.float32)
    canvas.paint(tent_distance, head.dura, Tissue.DURA)

    pool = np.float32(head.blood_pool)
    sagittal = np.maximum(np.abs(x) + 0.8 * depth - 4.6, -(z + 8) * 1.0)
    sagittal = np.where(inside & ((y > -60) | (z > 25)), sagittal, 9).astype(np.float32)
    dominance = float(rng.normal(0, 0.7))
    transverse = np.hypot(z - tent, np.maximum(depth - 1.5, 0)) - (2.6 + np.where(x > 0, dominance, -dominance))
    transverse = np.where(inside & (y > 52), transverse, 9).astype(np.float32)
    straight = canvas.capsule((0, 54, 3), (0, 98, -9), 1.6)
    for distance in (sagittal, transverse, straight):
        canvas.paint(distance.astype(np.float32), pool, Tissue.VESSEL)
    basilar = canvas.capsule((0, 11, -16), (0, 13, -46), 1.5)
    canvas.paint(np.where(inside, basilar, 9).astype(np.float32), pool, Tissue.VESSEL)
    for side in _SIDES:
        canvas.paint(
            canvas.capsule((side * 8, -2, -16), (side * 30, -4, -14), 1.2), pool, Tissue.VESSEL
        )
    return BrainFields(supratentorial=supra & inside, falx=falx_distance < 0.8, tentorium=tent_distance < 0.8)


def _paint_calcifications(canvas: Canvas, rng: np.random.Generator) -> None:
    def grain(center: tuple[float, float, float], radius: float, hu: float) -> None:
        box = canvas.box(center, radius + 3)
        distance = canvas.ellipsoid(center, (radius, radius, radius), box) + canvas.field(rng, 5.0, box)
        canvas.paint(distance.astype(np.float32), hu, Tissue.CALCIFICATION, box)

    if rng.random() < 0.7:
        grain((float(rng.normal(0, 0.6)), 35, 1), float(rng.uniform(1, 3)), float(rng.uniform(60, 350)))
    if rng.random() < 0.7:
        for side in _SIDES:
            if rng.random() < 0.85:
                grain((side * 24, 45 + float(rng.normal(0, 2)), 9), float(rng.uniform(1, 4.5)), float(rng.uniform(55, 350)))
    if rng.random() < 0.25:
        grain((0, float(rng.uniform(-50, 20)), float(rng.uniform(45, 65))), float(rng.uniform(1, 3)), float(rng.uniform(90, 400)))
    if rng.random() < 0.12:
        for side in _SIDES:
            grain((side * 20, 0, 0), float(rng.uniform(1, 3.5)), float(rng.uniform(50, 160)))
