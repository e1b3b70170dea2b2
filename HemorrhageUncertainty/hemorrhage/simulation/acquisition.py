"""How a scanner sees a head: pose, tilt, slice thickness, kernel, noise, beam hardening, streaks, head holder."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .scan_noise import bone_streaks, noise_level, textured_noise
from .smooth_field import apply_separable, interpolation_matrix

Array = NDArray[np.float32]

#: Blood does not reach this HU; a voxel that does (before noise) is white as bone in a window for brain.
_LOOKS_LIKE_BONE_HU = 110.0


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
    noise_hu, noise_grain_mm, noise_gradient, slice_correlation : float
        SD of the noise in the middle of the head; its grain in-plane; how much louder it is there than at the rim; share that a
        slice takes from its neighbor.
    hu_offset, hu_scale : float
        Calibration error of the scanner.
    glare_hu, cupping_hu, petrous_hu : float
        Bright rim under the skull, within some 4 mm (tails of the point spread) and some 20 mm (beam hardening and its
        correction), both per unit of bone nearby; dark bands between masses of bone.
    motion, metal, holder : bool
        Whether the head moved, whether a metal object throws streaks, whether the head holder is in the field of view.
    padding_hu, round_view : int, bool
        Value outside the circle of reconstruction, and whether that circle is cut out.
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
    noise_gradient: float
    slice_correlation: float
    hu_offset: float
    hu_scale: float
    glare_hu: float
    cupping_hu: float
    petrous_hu: float
    motion: bool
    metal: bool
    holder: bool
    padding_hu: int
    round_view: bool

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
    pixel = pixel_mm or float(rng.uniform(200, 258) / shape[2])
    covered = thickness * shape[0]
    top_margin = rng.uniform(-6, 14) if rng.random() < 0.9 else rng.uniform(-30, -6)
    shift = (head_mm[0] / 2 + top_margin - covered / 2, rng.normal(0, 5), rng.normal(0, 4))
    noise = float(np.clip(rng.gamma(6, 0.7) * (5 / thickness) ** 0.35, 1.6, 9.0))
    return Acquisition(
        shape=shape,
        spacing=(thickness, pixel, pixel),
        thickness_mm=thickness * float(rng.choice([1.0, 1.0, 1.0, 1.25])),
        tilt_deg=float(rng.uniform(-12, 22)) if rng.random() < 0.3 else 0.0,
        turn_deg=(float(rng.normal(0, 8)), float(rng.normal(0, 5)), float(rng.normal(0, 3.5))),
        shift_mm=(float(shift[0]), float(shift[1]), float(shift[2])),
        blur_mm=float(rng.uniform(0.0, 0.7)),
        sharpening=float(max(0.0, rng.uniform(-0.8, 0.3))),
        noise_hu=noise,
        noise_grain_mm=float(rng.uniform(0.3, 0.95)),
        noise_gradient=float(rng.uniform(0.3, 1.8)),
        slice_correlation=float(max(0.0, rng.uniform(-0.2, 0.4))),
        padding_hu=int(rng.choice([-1024, -1000, -2000, -3024], p=[0.6, 0.2, 0.1, 0.1])),
        round_view=bool(rng.random() < 0.5),
        hu_offset=float(rng.normal(0, 2.2)),
        hu_scale=float(rng.normal(1, 0.015)),
        glare_hu=float(max(0, rng.normal(30, 40))),
        cupping_hu=float(max(0, rng.normal(35, 30))),
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
    hu : (D, H, W) float32
        Whole numbers in [-1024, 3071], and the padding value.
    labels : (D, H, W) uint8
        A voxel is hemorrhage where at least half of it is, unless so much bone is in the rest (or is blurred into it) that nobody
        could tell it from bone; its class is the one that most of its parts have.
    """
    image, reference = _slices(scan, hu, labels, spacing)
    if scan.motion:
        image = _move(rng, scan, image)
    image = _kernel(scan, image)
    reference[image > _LOOKS_LIKE_BONE_HU] = 0
    bone = np.asarray(np.clip((image - 250) / 900, 0, 1.5), np.float32)
    inside = image > -300
    level = noise_level(image, scan.spacing[1], scan.noise_gradient)
    rim, band = _hardening(scan, bone)
    streaks = bone_streaks(rng, band) * np.float32(scan.petrous_hu * 2.5)
    image += np.where(inside, rim - band * np.float32(4 * scan.petrous_hu) + streaks, 0)
    if scan.metal:
        image += _streaks(rng, scan, bone)
    image = np.where(inside, image * scan.hu_scale + scan.hu_offset, image)
    noise = textured_noise(rng, scan.shape, scan.spacing[1], scan.noise_grain_mm, scan.slice_correlation)
    image += noise * level * np.float32(scan.noise_hu)
    if scan.holder:
        _add_holder(rng, scan, image)
    image = np.clip(np.rint(image), -1024, 3071).astype(np.float32)
    if scan.round_view:
        image[:, _outside_circle(scan)] = scan.padding_hu
    return image, reference


def acquire_mask(scan: Acquisition, mask: NDArray[np.bool_], spacing: tuple[float, float, float]) -> NDArray[np.bool_]:
    """Return where at least half of each voxel of the scan lies in a mask on the working grid (`spacing` in mm)."""
    return _slices(scan, mask.astype(np.float32), mask.astype(np.uint8), spacing)[1] > 0


def _slices(
    scan: Acquisition, hu: Array, labels: NDArray[np.uint8], spacing: tuple[float, float, float]
) -> tuple[Array, NDArray[np.uint8]]:
    """Average the head over each slice's profile.

    The head is sampled (cubic) on the slices' own planes at the pitch of the working grid, a few planes per slice; only the
    average is interpolated to the pixels, by separable cubic splines.
    """
    planes = int(np.clip(round(scan.thickness_mm / 1.6), 1, 4))
    offsets = (np.arange(planes) + 0.5) / planes - 0.5
    to_mm = scan.index_to_mm
    normal = np.cross(to_mm[:, 1], to_mm[:, 2])
    normal *= np.sign(normal[0]) / np.linalg.norm(normal)
    pose = _rotation(scan.turn_deg)
    per_voxel = np.diag(1 / np.array(spacing))
    middle = (np.array(hu.shape) - 1) / 2 + per_voxel @ np.array(scan.shift_mm)
    half = (np.array(scan.shape) - 1) / 2
    factor = np.array([1.0, max(1.0, spacing[1] / scan.spacing[1]), max(1.0, spacing[2] / scan.spacing[2])])
    # The head's box on the slices: nothing outside a sphere around it can be head.
    reach = 0.5 * np.linalg.norm(np.array(hu.shape[1:]) * spacing[1:]) + abs(scan.shift_mm[1]) + abs(scan.shift_mm[2])
    start_index = np.array([0.0, *(max(0.0, half[k] - reach / scan.spacing[k]) for k in (1, 2))])
    count = [scan.shape[0], *(int(np.ceil((2 * (half[k] - start_index[k])) / factor[k])) + 1 for k in (1, 2))]
    matrix = per_voxel @ pose @ to_mm
    coarse_matrix = matrix * factor[None, :]
    # Interpolating in-plane would ring at bone, smoothing would blur: halfway between is what a medium kernel does.
    sharp = ndimage.spline_filter1d(hu, 3, axis=1, output=np.float32)
    sharp = ndimage.spline_filter1d(sharp, 3, axis=2, output=np.float32)
    coefficients = np.float32(0.55) * sharp + np.float32(0.45) * hu
    image = np.zeros(count, np.float32)
    share = np.zeros(count, np.float32)
    present = [int(c) for c in np.unique(labels) if c]
    votes = np.zeros((len(present), *count), np.float32)
    any_blood = (labels > 0).astype(np.float32)
    # Below the grid the neck goes on; beside and above it is air.
    for offset in offsets:
        start = middle + matrix @ (start_index - half) + per_voxel @ pose @ (normal * offset * scan.thickness_mm)
        image += ndimage.affine_transform(
            coefficients, coarse_matrix, start, count, order=3, mode="nearest", prefilter=False, output=np.float32
        )
        if present:
            share += ndimage.affine_transform(any_blood, coarse_matrix, start, count, order=1, output=np.float32)
            for k, c in enumerate(present):
                if len(present) > 1:
                    part = (labels == c).astype(np.float32)
                    votes[k] += ndimage.affine_transform(part, coarse_matrix, start, count, order=1, output=np.float32)
    up: list[Array | None] = [None]
    up += [interpolation_matrix((np.arange(scan.shape[k]) - start_index[k]) / factor[k], count[k]) for k in (1, 2)]
    fine = np.clip(apply_separable(image / np.float32(planes), up), -1000, None)
    reference = np.zeros(scan.shape, np.uint8)
    if present:
        linear = [None, *(_linear_matrix((np.arange(scan.shape[k]) - start_index[k]) / factor[k], count[k]) for k in (1, 2))]
        blood = apply_separable(share, linear) >= 0.5 * planes
        if len(present) == 1:
            reference[blood] = present[0]
        else:
            winner = np.asarray(present, np.uint8)[np.argmax([apply_separable(v, linear) for v in votes], axis=0)]
            reference[blood] = winner[blood]
    return fine, reference


def _linear_matrix(positions: NDArray[np.floating], count: int) -> Array:
    """Matrix (len(positions), count) of linear interpolation, clamped at the ends."""
    return np.stack([np.interp(positions, np.arange(count), row) for row in np.eye(count)], axis=1).astype(np.float32)


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


def _hardening(scan: Acquisition, bone: Array) -> tuple[Array, Array]:
    """Brightening near bone in HU, and how much bone rays meet on both sides (dark bands) in [0, 1].

    Without it a simulated brain is as dark under the skull as in its middle. In an older scanner's head it measured 57, 42, 36,
    32, 29 and 24 HU at 2, 4, 7, 12, 16 and 30 mm from the inner table, and 43, 35, 30 and 24 HU at 7, 12, 16 and 30 mm in the
    mean head of thirty patients.
    """
    coarse = bone[:, ::2, ::2]
    pixel = 2 * scan.spacing[1]
    rim = np.float32(scan.glare_hu) * ndimage.gaussian_filter(coarse, (0, 2.3 / pixel, 2.3 / pixel), truncate=2.5)
    rim += np.float32(scan.cupping_hu) * ndimage.gaussian_filter(coarse, (0, 13 / pixel, 13 / pixel), truncate=2.5)
    left_right = ndimage.uniform_filter1d(coarse, max(1, int(90 / pixel)), axis=2)
    band = ndimage.gaussian_filter1d(np.clip(left_right - 0.16, 0, 0.5), 2.5 / pixel, axis=1)
    h, w = bone.shape[1:]
    rim, band = (np.asarray(m.repeat(2, axis=1).repeat(2, axis=2)[:, :h, :w], np.float32) for m in (rim, band))
    return rim, band


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


def _outside_circle(scan: Acquisition) -> NDArray[np.bool_]:
    """Pixels (H, W) outside the circle of reconstruction."""
    y = np.arange(scan.shape[1])[:, None] - (scan.shape[1] - 1) / 2
    x = np.arange(scan.shape[2])[None] - (scan.shape[2] - 1) / 2
    return np.hypot(x, y) > min(scan.shape[1:]) / 2
