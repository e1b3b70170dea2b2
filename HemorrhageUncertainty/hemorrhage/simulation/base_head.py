"""Real anatomy as a base: reads a head CT or template, finds its compartments, and deforms it into new heads.

Compartments come from thresholds and shape: the inside of the skull by closing the bone, CSF by its density, the ventricles as
the deep part of it. Good for a normal or nearly normal head; a head with a lesion is no base.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..errors import NotACTError
from ..head_ct import HeadCT, Spacing
from .anatomy import Anatomy, Tissue
from .canvas import Canvas, ellipsoid_distance
from .cortex import folded_surface
from .head_parameters import HeadParameters, draw_head_parameters
from .smooth_field import smooth_field
from .synthetic_head import grid_affine, landmark_places, true_depth

_STEP = 1.5


@dataclass(frozen=True, eq=False)
class Base:
    """A real head on a regular grid (axes superior, posterior, left), and how its compartments lie.

    Attributes
    ----------
    hu : (D, H, W) float32
        Hounsfield units, denoised.
    intracranial : (D, H, W) bool
        Inside of the skull.
    spacing : tuple of float
        mm.
    commissure : (3,) float64
        Estimated index position of the anterior commissure.
    size : (3,) float64
        Size of the cranial cavity against the canonical head along superior, posterior, left.
    blurred : bool
        Whether the base is so smooth (a population average) that sulci are drawn into it.
    source : str
        Where it came from.
    """

    hu: NDArray[np.float32]
    intracranial: NDArray[np.bool_]
    spacing: Spacing
    commissure: NDArray[np.float64]
    size: NDArray[np.float64]
    blurred: bool
    source: str = ""


def load_base(path: str | Path) -> Base:
    """Read a head CT (NIfTI, NRRD, MetaImage or DICOM folder) as a base.

    Raises
    ------
    HemorrhageError
        The file cannot be read, is no CT, or shows no closed cranial cavity of plausible size (600 to 2200 mL).
    """
    from ..reading import read_ct

    return base_from_ct(read_ct(path))


def base_from_ct(ct: HeadCT) -> Base:
    """Bring a head CT to the working orientation and find its cranial cavity."""
    hu = _to_working_grid(ct)
    smooth = ndimage.gaussian_filter(hu, 0.8 / _STEP)
    inside = _cranial_cavity(smooth)
    commissure, size = _place(inside)
    inside &= _canonical_cavity(hu.shape, commissure, size) < 5.0
    volume = float(inside.sum()) * _STEP**3 / 1000
    if not 600 <= volume <= 2200:
        raise NotACTError(
            f"no closed cranial cavity of plausible size was found ({volume:.0f} mL): use a CT of a whole adult head as base"
        )
    detail = hu - ndimage.gaussian_filter(hu, 3.0 / _STEP)
    core = ndimage.binary_erosion(inside, iterations=6)
    return Base(
        hu=smooth.astype(np.float32),
        intracranial=inside,
        spacing=(_STEP, _STEP, _STEP),
        commissure=commissure,
        size=size,
        blurred=bool(core.any() and float(detail[core].std()) < 2.0),
        source=ct.source,
    )


def _place(inside: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where the anterior commissure lies (index) and how large the cavity is against the canonical one.

    Judged from the upper 75 mm of the cavity, where bone encloses it: there it reaches from y = -71 to 103 and to x = +-68.
    """
    if not inside.any():
        return np.array(inside.shape) / 2.0, np.ones(3)
    top = int(np.flatnonzero(inside.any((1, 2))).max())
    where = np.argwhere(inside[max(0, top - round(75 / _STEP)) : top + 1])
    low, high = np.percentile(where, 0.2, axis=0), np.percentile(where, 99.8, axis=0)
    extent = (high - low) * _STEP
    length, width = extent[1] / 172.0, extent[2] / 134.0
    height = 0.5 * (length + width)
    commissure = np.array([top - 77.0 * height / _STEP, low[1] + 70.0 * length / _STEP, 0.5 * (low[2] + high[2])])
    return commissure, np.array([height, length, width])


def _canonical_cavity(
    shape: tuple[int, ...], commissure: NDArray[np.float64], size: NDArray[np.float64]
) -> NDArray[np.floating[Any]]:
    """Signed distance in mm to a generous canonical cavity: vault above the skull base, middle fossae, posterior fossa."""
    z, y, x = (
        ((np.arange(n, dtype=np.float32) - c) * np.float32(_STEP / k)).reshape([-1 if a == axis else 1 for a in range(3)])
        for axis, (n, c, k) in enumerate(zip(shape, commissure, size, strict=True))
    )
    vault = np.maximum(ellipsoid_distance(x, y - 16, z - 8, (71, 90, 72)), -22 - z + np.clip(-y - 10, 0, 30) * np.float32(0.1))
    middle = ellipsoid_distance(np.abs(x) - 38, y - 4, z + 22, (29, 34, 27))
    behind = ellipsoid_distance(x, y - 53, z + 25, (59, 50, 40))
    return np.minimum(np.minimum(vault, middle), behind)


def _to_working_grid(ct: HeadCT) -> NDArray[np.float32]:
    """Resample to isotropic voxels along superior, posterior, left."""
    corners = np.array([[i, j, k, 1] for i in (0, ct.shape[0] - 1) for j in (0, ct.shape[1] - 1) for k in (0, ct.shape[2] - 1)])
    flip = np.array([[0, 0, 1], [0, -1, 0], [-1, 0, 0]], dtype=float)  # RAS to superior, posterior, left
    to_working = flip @ ct.affine[:3, :3]
    offset = flip @ ct.affine[:3, 3]
    points = corners[:, :3] @ to_working.T + offset
    low, high = points.min(0), points.max(0)
    shape = np.minimum(np.ceil((high - low) / _STEP).astype(int) + 1, 260)
    inverse = np.linalg.inv(to_working)
    return ndimage.affine_transform(
        np.clip(ct.hu, -1000, 3000), inverse * _STEP, inverse @ (low - offset), tuple(shape), order=1,
        mode="constant", cval=-1000.0, output=np.float32,
    )  # fmt: skip


def _cranial_cavity(hu: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Soft tissue enclosed by bone; thin or averaged bone is told from brain by ever lower thresholds and wider closing."""
    inside = np.zeros(hu.shape, bool)
    for threshold, gap in ((160.0, 6.0), (100.0, 7.0), (70.0, 8.0), (60.0, 10.0)):
        inside = _enclosed(hu, threshold, gap)
        if 600 <= float(inside.sum()) * _STEP**3 / 1000 <= 1900:
            break
    return inside


def _enclosed(hu: NDArray[np.float32], threshold: float, gap: float) -> NDArray[np.bool_]:
    """The largest soft part that remains when gaps of `gap` mm in the bone are closed."""
    bone = hu > threshold
    soft = (hu > -25) & (hu < 130)
    away = ndimage.distance_transform_edt(~bone, sampling=_STEP)
    labels, count = ndimage.label(soft & (away > gap))
    if not count:
        return np.zeros(hu.shape, bool)
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    core = labels == int(sizes.argmax())
    # The neck hangs on at the foramen magnum: nothing further than 138 mm below the top is brain.
    top = int(np.flatnonzero(core.any((1, 2))).max())
    bottom = max(0, top - round(138 / _STEP))
    core[:bottom] = False
    inside = (ndimage.distance_transform_edt(~core, sampling=_STEP) < gap + 0.5) & soft & ~bone
    # Orbits and temporal fossae hang on by thin strands.
    eroded = ndimage.distance_transform_edt(inside, sampling=_STEP) > 4.0
    labels, count = ndimage.label(eroded)
    if not count:
        return np.zeros(hu.shape, bool)
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    inside &= ndimage.distance_transform_edt(labels != int(sizes.argmax()), sampling=_STEP) < 4.8
    for k in range(len(inside)):
        inside[k] = ndimage.binary_fill_holes(inside[k])
    return np.asarray(inside)


def deform_base(rng: np.random.Generator, spacing: Spacing, base: Base) -> Anatomy:
    """Deform a base into a new head: size, stretch, smooth warp, mirror, tissue contrast; the compartments follow."""
    streams = iter(rng.spawn(6))
    stream = next(streams)
    head = draw_head_parameters(stream)
    scale = np.clip(stream.normal(1, 0.04) * (1 + stream.normal(0, 0.03, 3)), 0.88, 1.12)
    mirror = -1.0 if stream.random() < 0.5 else 1.0
    warp = float(stream.uniform(1.0, 3.5))
    shape = np.ceil(np.array(base.hu.shape) * base.spacing * scale / spacing).astype(int)
    positions = _positions(next(streams), base, (int(shape[0]), int(shape[1]), int(shape[2])), spacing, scale, mirror, warp)
    hu = ndimage.map_coordinates(base.hu, positions, order=1, mode="nearest", output=np.float32)
    inside = ndimage.map_coordinates(base.intracranial.astype(np.float32), positions, order=1, output=np.float32) > 0.5
    relative = [(p - c) * s / k for p, c, s, k in zip(positions, base.commissure, base.spacing, base.size, strict=True)]
    canvas = Canvas(
        x=np.asarray(relative[2] * mirror, np.float32), y=relative[1], z=relative[0], hu=hu,
        tissue=np.zeros(hu.shape, np.uint8), spacing=spacing, scale=(1.0, 1.0, 1.0),
        origin=np.array(hu.shape) / 2, warp_margin=1e4,
    )  # fmt: skip
    return _compartments(next(streams), canvas, inside, head, base)


def _positions(
    rng: np.random.Generator,
    base: Base,
    shape: tuple[int, int, int],
    spacing: Spacing,
    scale: NDArray[np.float64],
    mirror: float,
    warp: float,
) -> NDArray[np.float32]:
    """Index positions (3, *shape) in the base of every voxel of the new head."""
    out = np.empty((3, *shape), np.float32)
    for axis in range(3):
        line = (np.arange(shape[axis], dtype=np.float32) - (shape[axis] - 1) / 2) * spacing[axis] / scale[axis]
        if axis == 2:
            line = line * mirror
        line = line / base.spacing[axis] + (base.hu.shape[axis] - 1) / 2
        shift = warp * smooth_field(rng, shape, spacing, 70.0) + 0.3 * warp * smooth_field(rng, shape, spacing, 30.0)
        out[axis] = line.reshape([-1 if k == axis else 1 for k in range(3)]) + shift / base.spacing[axis]
    return out


def _compartments(
    rng: np.random.Generator, canvas: Canvas, inside: NDArray[np.bool_], head: HeadParameters, base: Base
) -> Anatomy:
    """Name the tissues by density and place, redraw sulci where the base is blurred, and describe the head."""
    hu, spacing = canvas.hu, canvas.spacing
    depth = true_depth(inside, spacing)
    ax = np.abs(canvas.x)
    hu[:] = np.where(hu > 150, 150 + (hu - 150) * np.float32(rng.uniform(1.0, 2.0 if base.blurred else 1.15)), hu)
    tissue = canvas.tissue
    tissue[hu > -300] = Tissue.FAT
    tissue[(hu > -20) & (hu <= 150)] = Tissue.MUSCLE
    tissue[hu > 150] = Tissue.BONE
    filled = ndimage.binary_closing(hu[::2, ::2, ::2] > -300, iterations=3)
    near_head = np.repeat(np.repeat(np.repeat(filled, 2, 0), 2, 1), 2, 2)[: hu.shape[0], : hu.shape[1], : hu.shape[2]]
    near_head = np.pad(near_head, [(0, a - b) for a, b in zip(hu.shape, near_head.shape, strict=True)])
    tissue[(hu <= -300) & near_head] = Tissue.SINUS_AIR
    white, grey = float(np.percentile(hu[inside & (depth > 12)], 30)), float(np.percentile(hu[inside & (depth > 12)], 80))
    csf_limit = white - 0.45 * (white - 5)
    ventricle_zone = (ax < 42) & (np.abs(canvas.y - 20) < 62) & (np.abs(canvas.z) < 42)
    brain_hu = hu
    if base.blurred:
        pial = folded_surface(rng, canvas, head, np.minimum(depth - 1.5, np.where(canvas.z > 20, ax - 0.8, 30)))
        cortical = inside & (depth < 26) & (canvas.z > -18)
        softness = np.clip(0.5 + pial / canvas.softness, 0, 1)
        target = np.where(pial < 2.8, np.float32(grey + 2), hu)
        brain_hu = np.where(cortical, head.csf + softness * (target - head.csf), hu).astype(np.float32)
        brain_hu = np.where(inside, brain_hu, hu)
    # Grey-white contrast and level are drawn anew.
    gain = np.float32(rng.uniform(0.85, 1.6 if base.blurred else 1.2))
    shift = np.float32(rng.normal(0, 1.5))
    middle = np.float32(0.5 * (white + grey))
    soft = inside & (brain_hu > -20) & (brain_hu < 90)
    stretched = np.where(brain_hu > csf_limit, middle + gain * (brain_hu - middle), brain_hu) + shift
    texture = canvas.field(rng, 12.0) * np.float32(0.7) + canvas.field(rng, 5.0) * np.float32(0.6)
    hu[soft] = (stretched + texture)[soft]
    dark = soft & (brain_hu < csf_limit)
    core = ndimage.binary_opening(dark & (depth > 14) & ventricle_zone)
    fourth = dark & (ax < 12) & (np.abs(canvas.y - 44) < 12) & (np.abs(canvas.z + 33) < 14)
    ventricles = core | fourth
    tissue[inside] = np.where(hu[inside] > 0.5 * (white + grey) + shift, Tissue.GREY, Tissue.WHITE)
    tissue[dark] = Tissue.CSF
    tissue[ventricles] = Tissue.VENTRICLE
    tissue[inside & (hu > 95)] = Tissue.CALCIFICATION
    notch = np.clip((ax - 13) / 8, 0, 1)
    sheet = 2 - 0.3 * ax - 0.16 * np.maximum(canvas.y - 45, 0) - 0.6 * np.maximum(45 - canvas.y, 0) * notch
    tent = canvas.z - sheet
    below = (tent < 0) & (canvas.y > 9 + 0.52 * ax)
    callosum = np.hypot((canvas.y - 11) / 49, (canvas.z - 3) / 25)
    falx = inside & (ax < 1.1) & (callosum > 1.3) & (tent > 0) & (canvas.z > -12)
    tentorium = inside & (np.abs(tent) < 1.2) & (np.hypot(canvas.x / 17, (canvas.y - 20) / 29) > 1) & (canvas.y > 14 + 0.5 * ax)
    hu[falx] += 0.4 * (np.float32(head.dura) - hu[falx])
    tissue[falx | tentorium] = Tissue.DURA
    suture = np.minimum(np.abs(canvas.y + 8 + 0.25 * (canvas.z - 60)), np.abs(canvas.y - 78 + 0.55 * (canvas.z - 45) + 0.35 * ax))
    suture = np.where((canvas.z > 20) & (canvas.y < 90) & (canvas.y > -28), np.minimum(suture, ax), suture)
    intracranial = inside & (canvas.z > -66)
    brain = intracranial & np.isin(tissue, (Tissue.GREY, Tissue.WHITE))
    parameters: dict[str, object] = {"base": base.source, "age": head.age, "contrast_gain": float(gain)}
    anatomy = Anatomy(
        tissue=tissue, hu=hu, spacing=spacing, affine=grid_affine(spacing, (np.array(hu.shape) - 1) / 2),
        intracranial=intracranial, brain=brain, ventricles=ventricles & intracranial,
        csf=intracranial & (tissue == Tissue.CSF), falx=falx & intracranial, tentorium=tentorium & intracranial, depth=depth,
        midline=np.asarray(canvas.x, np.float32), suture_distance=np.asarray(suture, np.float32),
        supratentorial=intracranial & ~below, landmarks={}, age=head.age, parameters=parameters,
    )  # fmt: skip
    return replace(anatomy, landmarks=_landmarks(canvas))


def _landmarks(canvas: Canvas) -> dict[str, NDArray[np.float64]]:
    """The voxel nearest to each landmark, searched on every third voxel."""
    step = 3
    coarse = [c[::step, ::step, ::step] for c in (canvas.x, canvas.y, canvas.z)]
    out = {}
    for name, (x, y, z) in landmark_places().items():
        off = (coarse[0] - x) ** 2 + (coarse[1] - y) ** 2 + (coarse[2] - z) ** 2
        out[name] = np.array(np.unravel_index(int(off.argmin()), off.shape), dtype=np.float64) * step
    return out
