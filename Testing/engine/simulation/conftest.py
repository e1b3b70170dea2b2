"""A stand-in head for tests of hemorrhages: ellipsoids with sulci, falx, tentorium and ventricles, made in a blink."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from hemorrhage.simulation.anatomy import Anatomy, Tissue

SPACING = (2.5, 1.8, 1.8)


@pytest.fixture(scope="session")
def plain_head() -> Anatomy:
    """An ellipsoid head of 64 x 104 x 86 voxels; every field has the sense that `Anatomy` documents."""
    shape = (64, 104, 86)
    z, y, x = (
        ((np.arange(n) - (n - 1) / 2) * s).astype(np.float32).reshape([-1 if i == k else 1 for i in range(3)])
        for k, (n, s) in enumerate(zip(shape, SPACING, strict=True))
    )

    def ball(center: tuple[float, float, float], axes: tuple[float, float, float]) -> np.ndarray:
        return sum(((a - c) / r) ** 2 for a, c, r in zip((z, y, x), center, axes, strict=True)) < 1

    head = ball((0, 0, 0), (76, 90, 74))
    skull = ball((0, 0, 0), (70, 83, 67))
    inside = ball((0, 0, 0), (64, 77, 61))
    depth = ndimage.distance_transform_edt(inside, sampling=SPACING).astype(np.float32)
    midline = np.broadcast_to(x, shape).astype(np.float32)
    tissue = np.zeros(shape, np.uint8)
    tissue[head] = Tissue.FAT
    tissue[skull] = Tissue.BONE
    tissue[inside] = Tissue.GREY
    tissue[inside & (depth > 8)] = Tissue.WHITE
    sulci = inside & (depth < 14) & (np.sin(z / 4) * np.sin(y / 5) * np.sin(x / 5) > 0.35)
    tissue[(inside & (depth < 2.5)) | sulci] = Tissue.CSF
    horns = ball((8, 0, 14), (9, 36, 7)) | ball((8, 0, -14), (9, 36, 7)) | ball((0, 0, 0), (8, 10, 3))
    tissue[horns] = Tissue.VENTRICLE
    falx = inside & (np.abs(midline) < 1.0) & (z > 15)
    tentorium = inside & (np.abs(z + 25 - 0.2 * np.abs(x)) < 2.0) & (y > 5)
    tissue[falx | tentorium] = Tissue.DURA
    hu_of = {Tissue.AIR: -1000, Tissue.FAT: -80, Tissue.BONE: 900, Tissue.GREY: 38, Tissue.WHITE: 29, Tissue.CSF: 7}
    hu_of |= {Tissue.VENTRICLE: 5, Tissue.DURA: 45}
    hu = np.full(shape, -1000, np.float32)
    for t, value in hu_of.items():
        hu[tissue == t] = value
    affine = np.array([[0, 0, -SPACING[2], 0], [0, -SPACING[1], 0, 0], [SPACING[0], 0, 0, 0], [0, 0, 0, 1]], np.float64)
    middle = np.array([(n - 1) / 2 for n in shape])
    landmarks = {"pons": middle + np.array([-32.0, 5, 0]) / SPACING}
    for name, place in {
        "basal_ganglia": (5, -8, 26), "thalamus": (5, 10, 12), "cerebellum": (-42, 40, 22), "frontal": (18, -45, 28),
        "parietal": (32, 25, 30), "temporal": (-15, -5, 42), "occipital": (5, 55, 22),
    }.items():  # fmt: skip
        for side, sign in (("left", 1), ("right", -1)):
            landmarks[f"{name}_{side}"] = middle + np.array([place[0], place[1], sign * place[2]]) / SPACING
    sutures = np.minimum(np.abs(y + 20), np.abs(y - 50)) + 0 * depth
    sutures = np.where(z > 0, np.minimum(sutures, np.abs(midline)), sutures)
    return Anatomy(
        tissue=tissue,
        hu=hu,
        spacing=SPACING,
        affine=affine,
        intracranial=inside,
        brain=np.isin(tissue, (Tissue.GREY, Tissue.WHITE)),
        ventricles=horns & inside,
        csf=tissue == Tissue.CSF,
        falx=falx,
        tentorium=tentorium,
        depth=np.where(inside, depth, 0).astype(np.float32),
        midline=midline,
        suture_distance=sutures.astype(np.float32),
        supratentorial=inside & ((z > -25 + 0.2 * np.abs(x)) | (y < -20)),
        landmarks=landmarks,
        age=60.0,
    )
