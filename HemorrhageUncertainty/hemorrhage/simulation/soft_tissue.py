"""The outside of the head: face, neck, scalp, fat, muscles, ears and orbits."""

from __future__ import annotations

import numpy as np

from .anatomy import Tissue
from .canvas import Array, Canvas, smooth_union
from .head_parameters import HeadParameters


def skull_thickness(rng: np.random.Generator, canvas: Canvas, head: HeadParameters) -> Array:
    """Thickness of the vault in mm: thick frontally and occipitally, thin in the temporal squama, with slow variation."""
    x, y, z = canvas.x, canvas.y, canvas.z
    ax = np.abs(x)
    squama = np.exp(-(((z + 8) / 22) ** 2) - ((y - 5) / 32) ** 2) * np.clip((ax - 30) / 25, 0, 1)
    ends = np.exp(-(((y - 100) / 28) ** 2)) + 0.6 * np.exp(-(((y + 72) / 22) ** 2)) + 0.25 * np.clip((z - 40) / 30, 0, 1)
    frontal_inner = float(np.clip(rng.normal(-0.4, 0.9), 0, 3)) * np.exp(-(((y + 60) / 25) ** 2) - ((ax - 22) / 18) ** 2)
    relative = 1 + 0.45 * ends - 0.55 * squama + 0.13 * canvas.field(rng, 40.0) + frontal_inner
    base = np.clip((z - np.float32(head.floor + 2)) / 14, 0, 1) * np.float32(0.62) + np.float32(0.38)
    base = np.maximum(base, np.clip((y - 55) / 25, 0, 0.8))
    return np.asarray(np.maximum(head.skull_thickness * relative * base, 1.4), np.float32)


def draw_outside(rng: np.random.Generator, canvas: Canvas, head: HeadParameters, thickness: Array) -> None:
    """Paint skin, fat and muscle of scalp, face and neck; store ``outer`` (skin surface) in ``canvas.fields``."""
    x, y, z = canvas.x, canvas.y, canvas.z
    ax = np.abs(x)
    inner = canvas.fields["inner"]
    scalp = np.float32(head.scalp_thickness) * (1 + np.float32(0.14) * canvas.field(rng, 60.0))
    temporalis = np.exp(-(((z + 12) / 26) ** 2) - ((y + 14) / 26) ** 2) * np.clip((ax - 45) / 12, 0, 1) * rng.uniform(5, 11)
    vault = inner - thickness - np.maximum(scalp, 2.2) - temporalis.astype(np.float32)
    face = canvas.ellipsoid((0, -26, -62), (60 + rng.normal(0, 3), 60 + rng.normal(0, 3), 70))
    brow = canvas.ellipsoid((0, -42, -30), (58, 47, 30))
    neck = np.maximum(canvas.capsule((0, 30, -150), (0, 30, -52), 58 + rng.normal(0, 4)), z + 35)
    outer = smooth_union(smooth_union(vault, brow, 12.0), smooth_union(face, neck, 16.0), 14.0)
    nose = np.maximum(canvas.capsule((0, -80, -40), (0, -90, -66), 9.0), -z - 78)
    outer = smooth_union(outer, nose, 10.0)
    canvas.fields["outer"] = outer
    skin = np.float32(rng.uniform(1.2, 2.2))
    texture = canvas.field(rng, (9.0, 6.0, 6.0))
    canvas.paint(outer, rng.uniform(10, 55), Tissue.SKIN)
    fat = np.float32(head.fat) + 14 * texture
    canvas.paint(outer + skin, fat, Tissue.FAT)
    muscle = np.float32(head.muscle) + 4 * texture
    canvas.paint(np.maximum(outer + skin, inner - thickness - np.float32(rng.uniform(0.8, 2.2))), muscle, Tissue.MUSCLE)
    belly = inner - thickness - np.float32(1.0) - temporalis.astype(np.float32)
    canvas.paint(np.where(temporalis > 1.0, np.maximum(belly, outer + skin), np.float32(9)), muscle, Tissue.MUSCLE)
    # Neck and face: muscles parted by fat planes (level sets of a field stretched along the body).
    planes = np.abs(canvas.field(rng, (60.0, 26.0, 22.0))) * 9 - np.float32(rng.uniform(1.0, 2.4))
    deep = np.maximum(outer + skin + np.float32(rng.uniform(3, 9)), z + 22 - np.clip((y - 30) * 0.1, -8, 8))
    canvas.paint(np.maximum(deep, -planes), muscle, Tissue.MUSCLE)
    _draw_ears(rng, canvas)


def _draw_ears(rng: np.random.Generator, canvas: Canvas) -> None:
    """Auricles: thin folded shells beside the ear canal, and the air in the canal."""
    for side in (-1, 1):
        at, height = rng.uniform(22, 32), rng.uniform(-40, -28)
        stand = rng.uniform(2, 11)
        center = (side * (66 + stand), at, height)
        box = canvas.box(center, (14, 22, 34))
        if canvas.hu[box].size == 0:
            continue
        shell = np.abs(canvas.ellipsoid(center, (7 + stand * 0.4, 14, 28), box)) - np.float32(1.4)
        shell = np.maximum(shell, side * (-canvas.x[box] * 1.0) + 66)
        shell = np.maximum(shell, -(canvas.y[box] - at + 6) + np.float32(0.5) * np.abs(canvas.x[box] - center[0]) - 4)
        canvas.paint(shell, rng.uniform(0, 60), Tissue.CARTILAGE, box)


def draw_orbits(rng: np.random.Generator, canvas: Canvas, head: HeadParameters) -> None:
    """Orbital cavities with fat, eyeballs with lens and rim, optic nerves and straight muscles, inside a bony rim."""
    depth, height = rng.uniform(-66, -60), head.floor - rng.uniform(15, 19)
    globe = rng.uniform(11.3, 12.8)
    for side in (-1, 1):
        cone_box = canvas.box((side * 29, -45, height), (24, 34, 22))
        if canvas.hu[cone_box].size == 0:
            continue
        y = canvas.y[cone_box]
        axis_x = side * (31 - np.clip((y + 66) * np.float32(0.36), 0, 20))
        radius = np.clip(19 - np.clip(y + 62, 0, 60) * np.float32(0.40), 1, 19)
        off = np.sqrt((canvas.x[cone_box] - axis_x) ** 2 + ((canvas.z[cone_box] - height) * np.float32(1.1)) ** 2)
        inner = canvas.fields["inner"][cone_box]
        cone = np.maximum(np.maximum(off - radius, 1.6 - inner), np.maximum(y + 22, -(y + 74)))
        outside = np.maximum(cone - 2.2, -inner)
        canvas.paint(np.maximum(outside, -(y + 71)), rng.uniform(600, 1000), Tissue.BONE, cone_box)
        canvas.paint(np.maximum(cone, canvas.fields["outer"][cone_box] + 3), head.fat, Tissue.FAT, cone_box)
        recti = np.maximum(np.abs(off - radius * np.float32(0.68)) - 1.6, np.maximum(y + 26, -(y + 60)))
        sector = np.cos(2 * np.arctan2(canvas.z[cone_box] - height, canvas.x[cone_box] - axis_x)) ** 2
        canvas.paint(np.where(sector > 0.75, recti, np.float32(5)), head.muscle, Tissue.MUSCLE, cone_box)
        eye = (side * 32.0, depth, height)
        nerve_end = (side * 12.0, -22.0, height + 4)
        nerve_box = canvas.capsule_box(eye, nerve_end, 3.0)
        canvas.paint(canvas.capsule(eye, nerve_end, rng.uniform(1.6, 2.4), nerve_box), rng.uniform(28, 42), None, nerve_box)
        box = canvas.box(eye, 15)
        ball = canvas.ellipsoid(eye, (globe, globe * rng.uniform(0.97, 1.08), globe), box)
        canvas.paint(ball, rng.uniform(40, 62), Tissue.EYE, box)
        canvas.paint(ball + np.float32(rng.uniform(0.8, 1.6)), rng.uniform(6, 22), Tissue.EYE, box)
        lens = (eye[0], eye[1] - globe + 3.2, eye[2])
        lens_box = canvas.box(lens, 6)
        if rng.random() < 0.8:
            canvas.paint(canvas.ellipsoid(lens, (4.4, 2.0, 4.4), lens_box), rng.uniform(60, 110), Tissue.EYE, lens_box)
