"""Bone and air: vault with diploe, skull base, petrous pyramids, sinuses, mastoid cells, nasal cavity, jaw and cervical spine."""

from __future__ import annotations

import numpy as np

from .anatomy import Tissue
from .canvas import Array, Canvas
from .head_parameters import HeadParameters


def draw_vault(rng: np.random.Generator, canvas: Canvas, head: HeadParameters, thickness: Array) -> None:
    """Paint both tables and the diploe around the cranial cavity."""
    inner = canvas.fields["inner"]
    bone_texture = canvas.field(rng, 30.0)
    table = np.float32(head.bone) * (1 + 0.08 * bone_texture)
    above_canal = -canvas.z - 70
    shell = np.maximum(inner - thickness, above_canal)
    canvas.paint(shell, table, Tissue.BONE)
    fraction = np.float32(rng.uniform(0.26, 0.36))
    middle = np.abs(inner - thickness * 0.5) - thickness * (0.5 - fraction) + 0.35
    marrow = np.float32(head.diploe) + 130 * canvas.field(rng, 7.0) + 90 * bone_texture
    thick_enough = thickness > 3.2
    canvas.paint(np.where(thick_enough, np.maximum(middle, above_canal), np.float32(9)), np.maximum(marrow, 40), Tissue.DIPLOE)
    suture_width = rng.uniform(0.3, 1.0)
    wiggle = canvas.fields["suture"] + np.float32(1.2) * np.abs(bone_texture)
    gap = np.maximum(wiggle - suture_width, np.maximum(shell, -inner + 0.5))
    canvas.paint(gap, head.bone * 0.35, None, strength=float(rng.uniform(0, 0.8)))


def draw_base(rng: np.random.Generator, canvas: Canvas, head: HeadParameters) -> None:
    """Paint the bones below the vault, then the air in them."""
    bone = head.bone * rng.uniform(0.75, 1.0)
    spongy = head.diploe
    texture = canvas.field(rng, 9.0)

    def capsule(start: tuple[float, ...], end: tuple[float, ...], radius: float, hu: float, core: float | None = None) -> None:
        """Paint a bony rod on both sides, outside the cranial cavity; `core` fills it but for a shell of 1.6 mm."""
        for side in (-1, 1):
            a, b = (side * start[0], *start[1:]), (side * end[0], *end[1:])
            box = canvas.capsule_box(a, b, radius)
            if canvas.hu[box].size == 0:
                continue
            d = np.maximum(canvas.capsule(a, b, radius, box) + 0.9 * texture[box], -canvas.fields["inner"][box])
            d = np.maximum(d, canvas.fields["outer"][box] + 2)
            canvas.paint(d, hu, Tissue.BONE, box)
            if core is not None:
                canvas.paint(d + 1.6, core + 110 * texture[box], Tissue.DIPLOE, box)

    capsule((10, 4, -36), (6, 16, -52), 8.0, bone, spongy)  # clivus and body of the sphenoid
    capsule((9, -6, -36), (12, -14, -34), 8.0, bone * 0.8, spongy)
    capsule((16, 17, -33), (56, 38, -33), 9.0, bone * 1.05, bone * 0.75)  # petrous pyramids
    capsule((28, 22, -31), (42, 30, -31), 5.5, bone * 1.3)  # otic capsule
    capsule((60, 36, -34), (60, 38, -58), 10.0, bone, spongy)  # mastoids
    capsule((20, -22, -24), (55, -32, -26), 3.2, bone * 0.9)  # sphenoid wings
    capsule((52, -30, -28), (56, -58, -38), 3.5, bone, spongy)  # lateral orbital wall and zygoma
    capsule((60, -45, -48), (66, 8, -44), 3.0, bone, spongy)  # zygomatic arch
    capsule((52, 8, -46), (48, -10, -98), 4.2, bone, spongy)  # ramus of the mandible
    capsule((20, 40, -62), (18, 36, -74), 7.5, bone, spongy)  # occipital condyles and atlas
    capsule((22, 36, -78), (24, 42, -96), 8.0, bone * 0.9, spongy)
    capsule((12, -40, -84), (22, -30, -84), 4.0, bone * 0.9)  # hard palate
    capsule((10, -66, -92), (26, -52, -92), 6.0, bone * 1.2, bone)  # teeth and alveolar bone
    ring = canvas.box((0, 38, -85), (26, 26, 18))
    if canvas.hu[ring].size:
        lamina = np.abs(np.sqrt(canvas.x[ring] ** 2 + (canvas.y[ring] - 36) ** 2) - 16.5) - 3.2
        lamina = np.maximum(lamina + 1.2 * texture[ring], np.sin(canvas.z[ring] * 0.45) * 4 + canvas.z[ring] * 0 - 1.5)
        canvas.paint(np.maximum(lamina, canvas.z[ring] + 70), bone, Tissue.BONE, ring)
        d = np.maximum(canvas.capsule((0, 18, -72), (0, 18, -120), 9.0, ring), canvas.z[ring] + 68)
        canvas.paint(d, bone * 0.7, Tissue.BONE, ring)
        canvas.paint(d + 2, spongy * 0.8 + 80 * texture[ring], Tissue.DIPLOE, ring)
        canal = np.maximum(np.sqrt(canvas.x[ring] ** 2 + (canvas.y[ring] - 36) ** 2) - 11, canvas.z[ring] + 60)
        canvas.paint(canal, head.csf + 8, Tissue.CSF, ring)
        canvas.paint(canal + 6, 32.0, Tissue.WHITE, ring)


def draw_air(rng: np.random.Generator, canvas: Canvas, head: HeadParameters) -> None:
    """Paint nose, pharynx, paranasal sinuses, mastoid air cells and ear canals; some sinuses hold fluid or thick mucosa."""
    inner = canvas.fields["inner"]
    size = 0.75 + 0.4 * head.pneumatization
    wall = rng.uniform(500, 900)

    def sinus(center: tuple[float, float, float], radii: tuple[float, float, float], wobble: float = 1.5) -> None:
        box = canvas.box(center, np.asarray(radii) + 5)
        if canvas.hu[box].size < 8:
            return
        d = canvas.ellipsoid(center, radii, box) + np.float32(wobble) * canvas.field(rng, 14.0, box)
        d = np.maximum(np.maximum(d, 2.0 - inner[box]), canvas.fields["outer"][box] + 4)
        canvas.paint(d - 1.6, wall, Tissue.BONE, box)
        canvas.paint(d, rng.uniform(15, 45), None, box)
        lining = rng.uniform(0.0, 0.8) if rng.random() < 0.75 else rng.uniform(1.5, 6)
        air = d + np.float32(lining)
        if rng.random() < 0.1:  # an air-fluid level
            air = np.maximum(air, canvas.y[box] - np.float32(center[1] + rng.uniform(-0.4, 0.6) * radii[1]))
        canvas.paint(air, -1000.0, Tissue.SINUS_AIR, box)

    floor = head.floor
    for side in (-1, 1):
        if rng.random() < 0.85:
            frontal = (side * rng.uniform(8, 15), -79 + rng.uniform(-2, 2), floor + 6 + rng.uniform(-4, 8))
            _frontal_sinus(rng, canvas, frontal, size)
        sinus((side * 28, -47, -62 + rng.normal(0, 2)), (13 * size, 16 * size, 16 * size))
        sinus((side * 8, -12, -38), (9 * size, 11 * size, 9 * size))
        cells = [(side * 6.5, y, floor - rng.uniform(8, 15)) for y in (-62, -52, -42, -32)]
        for center in cells:
            sinus(center, (5.5, 5.0, 9.0 * size), 0.8)
        _mastoid(rng, canvas, head, side)
    nose = canvas.box((0, -62, -64), (20, 42, 24))
    if canvas.hu[nose].size:
        passage = np.maximum(canvas.ellipsoid((0, -60, -62), (15, 32, 19), nose), canvas.fields["outer"][nose] + 5)
        canvas.paint(passage - 1.4, wall, Tissue.BONE, nose)
        canvas.paint(passage, -1000.0, Tissue.SINUS_AIR, nose)
        turbinate = np.abs(np.abs(canvas.x[nose]) - 8) - 3.0 + 1.5 * np.sin(canvas.z[nose] / 4)
        canvas.paint(np.maximum(turbinate, passage), 35.0, Tissue.MUSCLE, nose)
        canvas.paint(np.maximum(np.abs(canvas.x[nose] + rng.normal(0, 1)) - 1.3, passage), 220.0, None, nose)
    throat = canvas.capsule_box((0, -6, -64), (0, -2, -110), 12)
    if canvas.hu[throat].size:
        pharynx = canvas.capsule((0, -8, -66), (0, -4, -115), 8.0, throat)
        canvas.paint(np.maximum(pharynx, -inner[throat] + 0), -1000.0, Tissue.SINUS_AIR, throat)


def _frontal_sinus(rng: np.random.Generator, canvas: Canvas, center: tuple[float, float, float], size: float) -> None:
    """Frontal sinus: a flat pocket of air between the tables of the frontal bone, which it pushes apart."""
    height = rng.uniform(7, 17) * size
    box = canvas.box(center, (18, 14, height + 4))
    if canvas.hu[box].size < 8:
        return
    inner = canvas.fields["inner"][box]
    pocket = canvas.ellipsoid(center, (12 * size, 15, height), box) + 1.8 * canvas.field(rng, 12.0, box)
    pocket = np.maximum(pocket, np.maximum(2.2 - inner, canvas.fields["outer"][box] + 7))
    canvas.paint(pocket - 1.8, 900.0, Tissue.BONE, box)
    canvas.paint(pocket, -1000.0, Tissue.SINUS_AIR, box)


def _mastoid(rng: np.random.Generator, canvas: Canvas, head: HeadParameters, side: int) -> None:
    """Mastoid air cells, ear canal and middle ear: many small pockets of air in bone."""
    center = (side * 60, 34, -40 + rng.normal(0, 3))
    box = canvas.box(center, (14, 20, 24))
    if canvas.hu[box].size < 8:
        return
    region = canvas.ellipsoid(center, (11, 14 + 5 * head.pneumatization, 16 + 6 * head.pneumatization), box)
    cells = canvas.field(rng, 5.5, box) - np.float32(0.9 - 1.1 * head.pneumatization)
    region = np.maximum(np.maximum(region, 2.5 - canvas.fields["inner"][box]), canvas.fields["outer"][box] + 6)
    canvas.paint(np.maximum(region, -cells * 1.6), rng.uniform(-900, -400), Tissue.SINUS_AIR, box)
    a, b = (side * 46, 26, -36), (side * 76, 24, -38)
    canal_box = canvas.capsule_box(a, b, 4)
    canal = np.maximum(canvas.capsule(a, b, rng.uniform(2.5, 3.8), canal_box), 2 - canvas.fields["inner"][canal_box])
    canvas.paint(canal, -950.0, Tissue.SINUS_AIR, canal_box)
