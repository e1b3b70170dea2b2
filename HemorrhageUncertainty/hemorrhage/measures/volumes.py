"""Volume of each class, with the interval that the samples span."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ..errors import ArgumentError
from ..head_ct import HeadCT
from ..interval_kind import IntervalKind
from ..segmentation import Lesion, VolumeEstimate
from .calibrated_interval import IntervalCalibration, StatedInterval

#: Quantiles of the samples' volumes that bound the samples' interval. Not calibrated.
INTERVAL_QUANTILES = (0.05, 0.95)
#: Volume above which `probability_exceeds` counts. 30 mL is the customary threshold for IPH (Broderick et al., Stroke 1993).
DEFAULT_EXCEEDS_ML: Mapping[str, float] = {"IPH": 30.0}
FALLBACK_EXCEEDS_ML = 30.0


def estimate_volumes(
    labels: NDArray[np.uint8],
    entropy: NDArray[np.float32],
    sample_volumes_ml: NDArray[np.floating],
    classes: tuple[str, ...],
    ct: HeadCT,
    lesions: Sequence[Lesion] = (),
    exceeds_ml: Mapping[str, float] = DEFAULT_EXCEEDS_ML,
    calibration: IntervalCalibration | None = None,
) -> tuple[VolumeEstimate, ...]:
    """Return one estimate per foreground class in label order, then the ``total``.

    Parameters
    ----------
    labels : (D, H, W) uint8
        The final label map.
    entropy : (D, H, W) float32
        Normalised predictive entropy in [0, 1].
    sample_volumes_ml : (M, C) float
        Volume of each class in each sample's own label map, in mL; column 0 (background) is not used.
    classes : tuple of str
        Class names, index = label value.
    ct : HeadCT
        Gives the volume of a voxel (|det| of its matrix).
    lesions : sequence of Lesion
        The lesions of the final label map, from which the count and the largest lesion's ABC/2 are taken.
    exceeds_ml : mapping of class name (or ``total``) to mL
        Threshold per class; 30 mL for a class that is not named.
    calibration : IntervalCalibration, optional
        Corrects the intervals, or withholds them; without it they are the samples' own.

    Raises
    ------
    ArgumentError
        Without samples, or where a threshold is negative.
    """
    samples = np.asarray(sample_volumes_ml, dtype=np.float64)
    if samples.ndim != 2 or samples.shape[0] < 1 or samples.shape[1] != len(classes):
        raise ArgumentError(
            f"sample volumes must be at least one sample by {len(classes)} classes, but their shape is {samples.shape}"
        )
    for name, threshold in exceeds_ml.items():
        if not threshold >= 0:
            raise ArgumentError(f"the volume threshold of {name} must be zero or more mL, not {threshold:g}")
    estimates = []
    for label, name in enumerate(classes[1:], start=1):
        mask = labels == label
        own = [lesion for lesion in lesions if lesion.name == name]
        estimates.append(_estimate(name, mask, entropy, samples[:, label], own, ct, exceeds_ml, calibration))
    total = samples[:, 1:].sum(axis=1)
    estimates.append(_estimate("total", labels > 0, entropy, total, lesions, ct, exceeds_ml, calibration))
    return tuple(estimates)


def sample_interval(samples_ml: NDArray[np.float64], volume_ml: float) -> tuple[float, float]:
    """Return the 5 % and 95 % quantiles of the samples' volumes (M,), widened to include the label map's volume; all in mL."""
    low, high = (float(quantile) for quantile in np.quantile(samples_ml, INTERVAL_QUANTILES))
    return min(low, volume_ml), max(high, volume_ml)


def _estimate(
    name: str,
    mask: NDArray[np.bool_],
    entropy: NDArray[np.float32],
    samples_ml: NDArray[np.float64],
    lesions: Sequence[Lesion],
    ct: HeadCT,
    exceeds_ml: Mapping[str, float],
    calibration: IntervalCalibration | None,
) -> VolumeEstimate:
    """Summarize one class (or all of them, ``total``)."""
    voxels = int(np.count_nonzero(mask))
    volume = voxels * ct.voxel_volume_ml
    low, high = sample_interval(samples_ml, volume)
    if calibration is None:
        stated = StatedInterval(low, high, IntervalKind.SAMPLES)
    else:
        stated = calibration.state(name, volume, low, high)
    threshold = exceeds_ml.get(name, FALLBACK_EXCEEDS_ML)
    largest = max(lesions, key=lambda lesion: lesion.volume_ml, default=None)
    return VolumeEstimate(
        name=name,
        volume_ml=volume,
        low_ml=stated.low_ml,
        high_ml=stated.high_ml,
        samples_ml=tuple(float(sample) for sample in samples_ml),
        probability_present=float(np.mean(samples_ml > 0)),
        exceeds_ml=float(threshold),
        probability_exceeds=float(np.mean(samples_ml > threshold)),
        abc2_ml=largest.abc2_ml if largest else 0.0,
        mean_uncertainty=float(entropy[mask].mean(dtype=np.float64)) if voxels else 0.0,
        lesions=len(lesions),
        interval=stated.kind,
        interval_note=stated.note,
    )
