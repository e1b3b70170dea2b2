"""The scanner: geometry of its grid, slice profile, labels by majority, noise, padding."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hemorrhage.simulation.acquisition import Acquisition, acquire, draw_acquisition
from hemorrhage.simulation.scan_noise import noise_level, textured_noise

CLEAN = Acquisition(
    shape=(12, 64, 64), spacing=(5.0, 3.0, 3.0), thickness_mm=5.0, tilt_deg=0.0, turn_deg=(0, 0, 0), shift_mm=(0, 0, 0),
    blur_mm=0.0, sharpening=0.0, noise_hu=0.0, noise_grain_mm=0.5, noise_gradient=1.0, slice_correlation=0.0, hu_offset=0.0,
    hu_scale=1.0, glare_hu=0.0, cupping_hu=0.0, petrous_hu=0.0, motion=False, metal=False, holder=False, padding_hu=-1024,
    round_view=False,
)  # fmt: skip


def _ball(radius: float = 25.0) -> tuple[np.ndarray, np.ndarray, tuple[float, float, float]]:
    """A ball of 60 HU in a head of 30 HU, and its label."""
    spacing = (2.0, 1.5, 1.5)
    shape = (60, 110, 110)
    z, y, x = np.meshgrid(*(np.arange(n) - (n - 1) / 2 for n in shape), indexing="ij")
    r = np.sqrt((z * spacing[0]) ** 2 + (y * spacing[1]) ** 2 + (x * spacing[2]) ** 2)
    hu = np.where(r < 55, 30.0, -1000.0).astype(np.float32)
    hu[r < radius] = 60
    return hu, np.where(r < radius, 2, 0).astype(np.uint8), spacing


@pytest.mark.parametrize("tilt", [0.0, 18.0])
def test_label_volume_survives_slicing_and_tilt(tilt):
    hu, labels, spacing = _ball()
    scan = replace(CLEAN, tilt_deg=tilt, shape=(24, 64, 64))
    _, seen = acquire(np.random.default_rng(0), scan, hu, labels, spacing)
    true_ml = (labels > 0).sum() * np.prod(spacing) / 1000
    seen_ml = (seen > 0).sum() * abs(np.linalg.det(scan.affine[:3, :3])) / 1000
    assert seen_ml == pytest.approx(true_ml, rel=0.05)
    assert set(np.unique(seen)) == {0, 2}


def test_center_of_the_lesion_is_found_in_patient_space():
    """The ball lies in the middle of the head, and the affine says so, whatever the tilt and the shift."""
    hu, labels, spacing = _ball(18.0)
    scan = replace(CLEAN, tilt_deg=15.0, shift_mm=(8.0, -6.0, 5.0), shape=(24, 64, 64))
    _, seen = acquire(np.random.default_rng(0), scan, hu, labels, spacing)
    middle = scan.affine @ [*np.argwhere(seen > 0).mean(0), 1]
    # The origin of the affine is the middle of the volume, which was shifted to superior, posterior and left.
    assert np.allclose(middle[:3], [5.0, -6.0, -8.0], atol=1.0)


def test_thick_slices_average():
    hu, labels, spacing = _ball()
    image, _ = acquire(np.random.default_rng(0), CLEAN, hu, labels, spacing)
    assert image[6, 32, 32] == 60
    assert image.min() >= -1024
    assert np.array_equal(image, np.rint(image))
    z = np.argwhere((image[:, 32, 32] > 30) & (image[:, 32, 32] < 60))
    assert len(z) >= 1  # partial volume at the poles


def test_noise_has_the_asked_level_and_is_correlated():
    hu, labels, spacing = _ball(3.0)
    image, _ = acquire(np.random.default_rng(0), replace(CLEAN, noise_hu=5.0, noise_gradient=0.0), hu, labels, spacing)
    assert 3.5 < image[5:7, 24:40, 24:40].std() < 7
    noise = textured_noise(np.random.default_rng(0), (4, 128, 128), 0.5, 0.8, 0.0)
    assert noise.std() == pytest.approx(1, abs=0.01)
    assert np.corrcoef(noise[:, :, 1:].ravel(), noise[:, :, :-1].ravel())[0, 1] > 0.3
    spectrum = np.abs(np.fft.fft2(noise)).mean(0)
    assert spectrum[0, 1] < spectrum[0, 12]  # little power at the lowest frequencies, as after filtered back projection


def test_noise_is_louder_in_the_middle():
    image = np.full((2, 120, 120), -1000, np.float32)
    y, x = np.ogrid[-60:60, -60:60]
    image[:, y**2 + x**2 < 50**2] = 40
    level = noise_level(image, 2.0, 1.5)
    assert level[0, 60, 60] > 1.1 * level[0, 60, 106]


@pytest.mark.parametrize(("strength", "near_mm", "far_mm"), [("glare_hu", 3.0, 9.0), ("cupping_hu", 10.0, 40.0)])
def test_brain_brightens_towards_bone(strength, near_mm, far_mm):
    """A ball of brain in a shell of bone: brighter the nearer to it, and not at all in the middle; the blood's label stays."""
    spacing = (2.0, 1.5, 1.5)
    axes = [(np.arange(n) - (n - 1) / 2) * s for n, s in zip((60, 130, 130), spacing, strict=True)]
    r = np.sqrt(sum(a**2 for a in np.meshgrid(*axes, indexing="ij")))
    hu = np.select([r < 62, r < 69], [30.0, 1200.0], -1000.0).astype(np.float32)
    labels = np.where(r < 10, 2, 0).astype(np.uint8)
    scan = replace(CLEAN, shape=(5, 130, 130), spacing=(4.0, 1.5, 1.5))
    plain, seen = acquire(np.random.default_rng(0), scan, hu, labels, spacing)
    bright, seen_too = acquire(np.random.default_rng(0), replace(scan, **{strength: 80.0}), hu, labels, spacing)
    added = (bright - plain)[2, 65, 65:]
    at = lambda depth_mm: float(added[round((62 - depth_mm) / 1.5)])  # noqa: E731
    assert at(near_mm) > at(far_mm) + 2
    assert at(58.0) == pytest.approx(0, abs=1)
    assert np.array_equal(seen, seen_too)


def test_padding_outside_the_circle():
    hu, labels, spacing = _ball()
    scan = replace(CLEAN, round_view=True, padding_hu=-2000)
    image, _ = acquire(np.random.default_rng(0), scan, hu, labels, spacing)
    assert (image[:, 0, 0] == -2000).all()
    assert image[6, 32, 32] == 60


def test_draw_covers_the_head_and_varies():
    draws = [draw_acquisition(np.random.default_rng(s), (32, 256, 256), (190, 230, 180)) for s in range(60)]
    assert all(0.6 <= d.thickness_mm <= 9 and 0.5 < d.spacing[1] < 1.1 for d in draws)
    assert any(d.tilt_deg for d in draws)
    assert any(not d.tilt_deg for d in draws)
    assert draw_acquisition(np.random.default_rng(0), (32, 256, 256), (190, 230, 180), 2.5, 0.5).spacing == (2.5, 0.5, 0.5)
