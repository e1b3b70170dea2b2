"""Noise of a CT: spectrum of filtered back projection, louder behind long paths, streaks between masses of bone."""

from __future__ import annotations

import numpy as np
from scipy import fft, ndimage

from .smooth_field import Array, apply_separable, bspline_weights


def textured_noise(
    rng: np.random.Generator, shape: tuple[int, int, int], pixel_mm: float, grain_mm: float, slice_correlation: float
) -> Array:
    """Draw noise (D, H, W) with mean 0, SD 1 and the in-plane spectrum ``f exp(-(f grain)^2)`` (ramp times kernel).

    Parameters
    ----------
    rng : numpy.random.Generator
    shape, pixel_mm
        Grid of the CT.
    grain_mm : float
        Size of the kernel, 0.3 (sharp, fine grain) to 1.5 (soft, coarse grain).
    slice_correlation : float
        Share in [0, 0.5) that a slice takes from each neighbor (overlapping or interpolated slices).
    """
    white = rng.standard_normal(shape, dtype=np.float32)
    spectrum = fft.rfft2(white)
    fy = fft.fftfreq(shape[1], pixel_mm)[:, None]
    fx = fft.rfftfreq(shape[2], pixel_mm)[None]
    frequency = np.hypot(fy, fx)
    response = np.sqrt(frequency + 0.02) * np.exp(-((2.2 * frequency * grain_mm) ** 2))
    noise = np.asarray(fft.irfft2(spectrum * response.astype(np.float32), s=shape[1:]), np.float32)
    if slice_correlation > 0:
        share = np.float32(slice_correlation)
        mixed = noise * (1 - share)
        mixed[1:] += share * noise[:-1]
        noise = mixed
    return np.asarray(noise / (noise.std() + 1e-6), np.float32)


def noise_level(image: Array, pixel_mm: float, gradient: float) -> Array:
    """Relative SD of the noise, about 1 in the middle of the head: exponential in the mean attenuation around a voxel.

    `gradient` (0 to 2) says how much louder the middle and slices full of bone are.
    """
    step = max(1, round(6.0 / pixel_mm))
    h, w = image.shape[1:]
    density = np.clip(image[:, ::step, ::step] * np.float32(1e-3) + 1, 0, 2.6)
    around = _blur(density, 26.0 / (step * pixel_mm))
    inside = density > 0.8
    reference = float(np.percentile(around[inside], 75)) if inside.any() else 1.0
    relative = np.exp(np.float32(gradient) * np.clip(around / max(reference, 0.2) - 1, -1, 0.8))
    up = [None, *(bspline_weights(np.arange(n) / step, c) for n, c in zip((h, w), relative.shape[1:], strict=True))]
    return apply_separable(relative.astype(np.float32), up)


def _blur(volume: Array, sigma: float) -> Array:
    return np.asarray(ndimage.gaussian_filter(volume, (0, sigma, sigma), truncate=2.5, mode="nearest"), np.float32)


def bone_streaks(rng: np.random.Generator, band: Array) -> Array:
    """Draw fine horizontal streaks (photon starvation between the petrous pyramids), scaled by `band` (D, H, W)."""
    d, h, w = band.shape
    knots = 7
    rows = rng.standard_normal((d, h, knots), dtype=np.float32)
    rows = 0.5 * rows + 0.25 * (np.roll(rows, 1, axis=1) + np.roll(rows, -1, axis=1))
    streaks = apply_separable(rows, [None, None, bspline_weights(np.linspace(0, knots - 1, w), knots)])
    return streaks * band
