"""From the posterior's maps to the finished result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ArgumentError
from ..head_ct import HeadCT
from ..interval_kind import IntervalKind
from ..segmentation import Segmentation, VolumeEstimate
from .calibrated_interval import IntervalCalibration
from .lesions import find_lesions
from .places import find_places
from .volumes import DEFAULT_EXCEEDS_ML, estimate_volumes

if TYPE_CHECKING:
    from ..posterior_maps import PosteriorMaps


def build_segmentation(
    ct: HeadCT,
    classes: Sequence[str],
    maps: PosteriorMaps,
    provenance: Mapping[str, Any],
    *,
    warnings: Sequence[str] = (),
    exceeds_ml: Mapping[str, float] = DEFAULT_EXCEEDS_ML,
    samples: NDArray[np.uint8] | None = None,
    calibration: IntervalCalibration | None = None,
) -> Segmentation:
    """Measure volumes, lesions and places to look at, and put the result together.

    Parameters
    ----------
    ct : HeadCT
    classes : sequence of str
        Class names, index = label value; the first is the background.
    maps : PosteriorMaps
        Every array has the CT's shape.
    provenance : mapping
        JSON-able.
    warnings : sequence of str
        Added to the CT's own warnings; repetitions are left out.
    exceeds_ml : mapping of class name to mL
        Thresholds for the probability that a volume is exceeded.
    samples : (M, D, H, W) uint8, optional
        The samples' own label maps, if they were kept.
    calibration : IntervalCalibration, optional
        The model's calibration as it applies to this run; it is noted in the provenance, and what it withholds in the warnings.

    Raises
    ------
    ArgumentError
        Where a map's shape is not the CT's.
    """
    names = tuple(classes)
    if maps.labels.shape != ct.shape or maps.probabilities.shape != (len(names), *ct.shape):
        raise ArgumentError(
            f"maps of shape {maps.labels.shape} with {maps.probabilities.shape[0]} classes do not fit "
            f"a CT of shape {ct.shape} with {len(names)} classes"
        )
    lesions = find_lesions(maps.labels, maps.probabilities, maps.entropy, names, ct)
    volumes = estimate_volumes(maps.labels, maps.entropy, maps.sample_volumes_ml, names, ct, lesions, exceeds_ml, calibration)
    known = {} if calibration is None else {"calibration": calibration.record()}
    return Segmentation(
        ct=ct,
        classes=names,
        labels=maps.labels,
        probabilities=maps.probabilities,
        variance=maps.variance,
        class_variance=maps.class_variance,
        entropy=maps.entropy,
        expected_entropy=maps.expected_entropy,
        mutual_information=maps.mutual_information,
        votes=maps.votes,
        volumes=volumes,
        lesions=lesions,
        places=find_places(maps.entropy, maps.probabilities, names, ct),
        provenance={**provenance, **known},
        warnings=tuple(dict.fromkeys((*ct.warnings, *warnings, *_withheld(volumes)))),
        samples=samples,
        parts=maps.parts,
    )


def _withheld(volumes: Sequence[VolumeEstimate]) -> list[str]:
    """Return one sentence per reason for which intervals are withheld."""
    classes: dict[str, list[str]] = {}
    for volume in volumes:
        if volume.interval is IntervalKind.WITHHELD:
            classes.setdefault(volume.interval_note, []).append(volume.name)
    if len(classes) == 1 and all(len(names) == len(volumes) for names in classes.values()):
        return [f"No volume gets an interval: {reason}." for reason in classes]
    return [f"The volume of {', '.join(names)} gets no interval: {reason}." for reason, names in classes.items()]
