"""How a scanner sees a head: pose, tilt, slice thickness, kernel, noise, beam hardening, streaks, head holder."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Acquisition:
    """What was drawn for one scan.

    Attributes
    ----------
    shape : (D, H, W)
    spacing : tuple of float
        Distance between slices (along the table) and pixels, mm.
    thickness_mm : float
        Full width of the slice profile.
    tilt_deg : float
        Gantry tilt: the slices lean, the table does not, so the grid is sheared.
    turn_deg : tuple of float
        Rotation of the head about the left, superior and posterior axis.
    shift_mm : tuple of float
        Where the middle of the volume lies from the middle of the head: superior, posterior, left.
    blur_mm, sharpening : float
        Kernel: Gaussian SD in-plane, and strength of the edge enhancement.
    noise_hu, noise_grain_mm : float
        SD of the noise in the middle of the head; correlation length in-plane.
    hu_offset, hu_scale : float
        Calibration error of the scanner.
    cupping_hu, petrous_hu : float
        Bright rim under the skull; dark bands between masses of bone.
    motion, metal : bool
    holder : bool
    """

    shape: tuple[int, int, int]
    spacing: tuple[float, float, float]
    thickness_mm: float
    tilt_deg: float
    turn_deg: tuple[float, float, float]
    shift_mm: tuple[float, float, float]
    blur_mm: float
    sharpening: float
    noise_hu: float
    noise_grain_mm: float
    hu_offset: float
    hu_scale: float
    cupping_hu: float
    petrous_hu: float
    motion: bool
    metal: bool
    holder: bool

    def description(self) -> dict[str, Any]:
        """Return the draw as JSON-able values."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}

    @property
    def index_to_mm(self) -> NDArray[np.float64]:
        """3 x 3: one step along slice, row and column in mm to superior, posterior and left, in the scanner's frame."""
        tilt = np.deg2rad(self.tilt_deg)
        dz, dy, dx = self.spacing
        return np.array([[dz, -np.sin(tilt) * dy, 0], [0, np.cos(tilt) * dy, 0], [0, 0, dx]])

    @property
    def affine(self) -> NDArray[np.float64]:
        """4 x 4 index-to-RAS matrix; the middle of the volume is the origin."""
        to_ras = np.array([[0, 0, -1], [0, -1, 0], [1, 0, 0]], dtype=float)
        affine = np.eye(4)
        affine[:3, :3] = to_ras @ self.index_to_mm
        affine[:3, 3] = -affine[:3, :3] @ ((np.array(self.shape) - 1) / 2)
        return affine


def draw_acquisition(
    rng: np.random.Generator,
    shape: tuple[int, int, int],
    head_mm: tuple[float, float, float],
    slice_thickness_mm: float | None = None,
    pixel_mm: float | None = None,
) -> Acquisition:
    """Draw a scan of a head whose box measures `head_mm` (superior, posterior, left)."""
    thickness = slice_thickness_mm or float(np.clip(rng.uniform(128, 172) / shape[0], 0.6, 7.0))
    pixel = pixel_mm or float(rng.uniform(208, 252) / shape[2])
    covered = thickness * shape[0]
    top_margin = rng.uniform(-6, 14) if rng.random() < 0.9 else rng.uniform(-30, -6)
    shift = (head_mm[0] / 2 + top_margin - covered / 2, rng.normal(0, 5), rng.normal(0, 4))
    noise = float(np.clip(rng.gamma(6, 0.7) * (5 / thickness) ** 0.35, 1.6, 9.0))
    return Acquisition(
        shape=shape,
        spacing=(thickness, pixel, pixel),
        thickness_mm=thickness * float(rng.choice([1.0, 1.0, 1.0, 1.25])),
        tilt_deg=float(rng.uniform(-12, 22)) if rng.random() < 0.3 else 0.0,
        turn_deg=(float(rng.normal(0, 7)), float(rng.normal(0, 4)), float(rng.normal(0, 3))),
        shift_mm=(float(shift[0]), float(shift[1]), float(shift[2])),
        blur_mm=float(rng.uniform(0.0, 0.7)),
        sharpening=float(max(0.0, rng.uniform(-0.4, 1.0))),
        noise_hu=noise,
        noise_grain_mm=float(rng.uniform(0.35, 0.9)),
        hu_offset=float(rng.normal(0, 1.6)),
        hu_scale=float(rng.normal(1, 0.015)),
        cupping_hu=float(max(0, rng.normal(2.5, 2.5))),
        petrous_hu=float(rng.uniform(0, 14)),
        motion=bool(rng.random() < 0.07),
        metal=bool(rng.random() < 0.06),
        holder=bool(rng.random() < 0.8),
    )


def acquire(
    rng: np.random.Generator,
    scan: Acquisition,
    hu: Array,
    labels: NDArray[np.uint8],
    spacing: tuple[float, float, float],
) -> tuple[Array, NDArray[np.uint8]]:
    """Scan a head.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws noise and streaks.
    scan : Acquisition
    hu, labels : arrays on the working grid (superior, posterior, left), `spacing` in mm

    Returns
    -------
    hu : (D, H, W) float32, whole numbers in [-1024, 3071]
    labels : (D, H, W) uint8
        A voxel is hemorrhage where at least half of it is; its class is the one that most of its parts have.
    """
    image, reference = _slices(scan, hu, labels, spacing)
    if scan.motion:
        image = _move(rng, scan, image)
    image = _kernel(scan, image)
    bone = np.clip((image - 250) / 900, 0, 1.5)
    inside = image > -300
    image += np.where(inside, _hardening(scan, bone), 0)
    if scan.metal:
        image += _streaks(rng, scan, bone)
    image = np.where(inside, image * scan.hu_scale + scan.hu_offset, image)
    image += _noise(rng, scan, inside, bone)
    if scan.holder:
        _add_holder(rng, scan, image)
    _cut_field_of_view(rng, scan, image)
    return np.clip(np.rint(image), -1024, 3071).astype(np.float32), reference


def _slices(
    scan: Acquisition, hu: Array, labels: NDArray[np.uint8], spacing: tuple[float, float, float]
) -> tuple[Array, NDArray[np.uint8]]:
    """Average the head over each slice's profile; a few planes per slice stand for its thickness."""
    planes = int(np.clip(round(scan.thickness_mm / 1.6), 1, 4))
    offsets = (np.arange(planes) + 0.5) / planes - 0.5
    to_mm = scan.index_to_mm
    normal = np.cross(to_mm[:, 1], to_mm[:, 2])
    normal *= np.sign(normal[0]) / np.linalg.norm(normal)
    pose = _rotation(scan.turn_deg)
    per_voxel = np.diag(1 / np.array(spacing))
    matrix = per_voxel @ pose @ to_mm
    middle = (np.array(hu.shape) - 1) / 2 + per_voxel @ np.array(scan.shift_mm)
    half = (np.array(scan.shape) - 1) / 2
    image = np.zeros(scan.shape, np.float32)
    share = np.zeros(scan.shape, np.float32)
    present = [int(c) for c in np.unique(labels) if c]
    votes = np.zeros((len(present), *scan.shape), np.uint8)
    any_blood = (labels > 0).astype(np.float32)
    for offset in offsets:
        start = middle - matrix @ half + per_voxel @ pose @ (normal * offset * scan.thickness_mm)
        image += ndimage.affine_transform(hu, matrix, start, scan.shape, order=1, mode="constant", cval=-1000.0)
        if present:
            share += ndimage.affine_transform(any_blood, matrix, start, scan.shape, order=1)
            nearest = ndimage.affine_transform(labels, matrix, start, scan.shape, order=0)
            for k, c in enumerate(present):
                votes[k] += nearest == c
    reference = np.zeros(scan.shape, np.uint8)
    if present:
        winner = np.asarray(present, np.uint8)[votes.argmax(0)]
        blood = (share >= 0.5 * planes) & (votes.max(0) > 0)
        reference[blood] = winner[blood]
    return image / planes, reference


def _rotation(turn_deg: tuple[float, float, float]) -> NDArray[np.float64]:
    pitch, yaw, roll = np.deg2rad(turn_deg)

    def about(axis: int, angle: float) -> NDArray[np.float64]:
        a, b = [i for i in range(3) if i != axis]
        matrix = np.eye(3)
        matrix[a, a] = matrix[b, b] = np.cos(angle)
        matrix[a, b], matrix[b, a] = -np.sin(angle), np.sin(angle)
        return matrix

    return about(2, pitch) @ about(0, yaw) @ about(1, roll)


def _kernel(scan: Acquisition, image: Array) -> Array:
    sigma = scan.blur_mm / scan.spacing[1]
    if sigma > 0.2:
        image = ndimage.gaussian_filter(image, (0, sigma, sigma), truncate=3)
    if scan.sharpening > 0.05:
        wide = 1.3 / scan.spacing[1]
        image = image + np.float32(scan.sharpening) * (image - ndimage.gaussian_filter(image, (0, wide, wide), truncate=3))
    return image


def _hardening(scan: Acquisition, bone: Array) -> Array:
    """Bright rim beside bone, dark bands where rays cross much bone on both sides (between the petrous pyramids)."""
    coarse = bone[:, ::2, ::2]
    pixel = 2 * scan.spacing[1]
    rim = ndimage.gaussian_filter(coarse, (0, 5 / pixel, 5 / pixel), truncate=2.5)
    left_right = ndimage.uniform_filter1d(coarse, int(90 / pixel), axis=2)
    band = ndimage.gaussian_filter1d(np.clip(left_right - 0.16, 0, 0.5), 2.5 / pixel, axis=1)
    part = np.float32(scan.cupping_hu) * rim - np.float32(scan.petrous_hu) * 4 * band
    full = part.repeat(2, axis=1).repeat(2, axis=2)[:, : bone.shape[1], : bone.shape[2]]
    return np.asarray(full, np.float32)


def _noise(rng: np.random.Generator, scan: Acquisition, inside: NDArray[np.bool_], bone: Array) -> Array:
    """Noise with in-plane grain; louder in the middle of the head and in slices with much bone."""
    grain = scan.noise_grain_mm / scan.spacing[1]
    noise = ndimage.gaussian_filter(rng.standard_normal(scan.shape, dtype=np.float32), (0, grain, grain), truncate=3)
    noise -= 0.5 * ndimage.uniform_filter(noise, (0, 7, 7))
    noise /= noise.std() + 1e-6
    rows, columns = (np.linspace(-1, 1, n, dtype=np.float32) for n in scan.shape[1:])
    middle = np.exp(-1.2 * (rows[:, None] ** 2 + columns[None] ** 2))
    per_slice = inside.mean((1, 2)) + 2.5 * bone.mean((1, 2))
    per_slice = np.clip(per_slice / (np.median(per_slice) + 1e-6), 0.6, 1.6)
    return noise * np.float32(scan.noise_hu) * (0.55 + 0.45 * middle) * per_slice[:, None, None].astype(np.float32)


def _streaks(rng: np.random.Generator, scan: Acquisition, bone: Array) -> Array:
    """Metal (a clip, a filling, a drain's screw): fans of bright and dark rays in a few slices."""
    out = np.zeros(scan.shape, np.float32)
    middle = int(rng.integers(scan.shape[0]))
    candidates = np.argwhere(bone[middle] > 0.4)
    if not len(candidates):
        return out
    row, column = candidates[rng.integers(len(candidates))]
    y = (np.arange(scan.shape[1])[:, None] - row) * scan.spacing[1]
    x = (np.arange(scan.shape[2])[None] - column) * scan.spacing[2]
    radius, angle = np.hypot(x, y) + 4, np.arctan2(y, x)
    fan = sum(rng.normal() * np.cos(k * angle + rng.uniform(0, 6.3)) for k in (3, 5, 8, 13, 21, 34))
    fan = (fan * rng.uniform(15, 60) * 12 / radius).astype(np.float32)
    for k in range(max(0, middle - 1), min(scan.shape[0], middle + 2)):
        out[k] = fan * (1.0 if k == middle else 0.35)
        if k == middle:
            out[k] += 2500 * (radius < 5.5)
    return out


def _move(rng: np.random.Generator, scan: Acquisition, image: Array) -> Array:
    """Motion: some slices are a mixture of the head in two positions."""
    moved = image.copy()
    first = int(rng.integers(scan.shape[0]))
    for k in range(first, min(scan.shape[0], first + int(rng.integers(2, 7)))):
        shift = rng.normal(0, 2.2, 2) / scan.spacing[1]
        moved[k] = 0.6 * image[k] + 0.4 * ndimage.shift(image[k], shift, order=1, mode="nearest")
    return moved


def _add_holder(rng: np.random.Generator, scan: Acquisition, image: Array) -> None:
    """Head holder behind the head: a curved plastic shell with a foam pad, in air only."""
    y = (np.arange(scan.shape[1], dtype=np.float32)[:, None] - scan.shape[1] / 2) * scan.spacing[1]
    x = (np.arange(scan.shape[2], dtype=np.float32)[None] - scan.shape[2] / 2) * scan.spacing[2]
    radius = np.hypot(x / rng.uniform(0.75, 1.0), y)
    reach = float(rng.uniform(103, 116))
    shell = (np.abs(radius - reach) < rng.uniform(0.8, 2.0)) & (y > rng.uniform(-10, 50))
    foam = (radius < reach) & (radius > reach - rng.uniform(6, 16)) & (y > 20)
    air = image < -850
    image[air & foam] = rng.uniform(-990, -880)
    image[air & shell] = rng.uniform(-500, 150)


def _cut_field_of_view(rng: np.random.Generator, scan: Acquisition, image: Array) -> None:
    """Fill what lies outside the reconstruction circle."""
    if rng.random() < 0.5:
        return
    y = np.arange(scan.shape[1])[:, None] - (scan.shape[1] - 1) / 2
    x = np.arange(scan.shape[2])[None] - (scan.shape[2] - 1) / 2
    image[:, np.hypot(x, y) > min(scan.shape[1:]) / 2] = -1024
