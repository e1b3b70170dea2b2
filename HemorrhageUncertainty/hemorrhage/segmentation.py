"""The result of a run: everything on the input's own grid, and where it came from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .head_ct import HeadCT
from .interval_kind import IntervalKind
from .uncertainty_parts import UncertaintyParts


@dataclass(frozen=True)
class VolumeEstimate:
    """Volume of one class (or of all classes together, name ``total``).

    Attributes
    ----------
    name : str
        Class name, or ``total``.
    volume_ml : float
        Volume of the final label map in mL.
    low_ml, high_ml : float or None
        Interval, which includes `volume_ml`: quantiles (5 %, 95 %) of the samples' own volumes, or calibrated, as `interval`
        says; None if withheld.
    samples_ml : tuple of float
        Volume of each sample's own label map in mL.
    probability_present : float
        Share of samples that contain the class at all, in [0, 1].
    exceeds_ml : float
        Threshold for `probability_exceeds` in mL.
    probability_exceeds : float
        Share of samples whose volume is above `exceeds_ml`, in [0, 1].
    abc2_ml : float
        ABC/2 of the class's largest lesion in mL (0 if there is none).
    mean_uncertainty : float
        Mean normalised predictive entropy over the class's voxels (0 if there are none).
    lesions : int
        Number of connected components (26-neighbourhood).
    interval : IntervalKind
        What the interval claims.
    interval_note : str
        Why it is withheld; empty otherwise.
    """

    name: str
    volume_ml: float
    low_ml: float | None
    high_ml: float | None
    samples_ml: tuple[float, ...]
    probability_present: float
    exceeds_ml: float
    probability_exceeds: float
    abc2_ml: float
    mean_uncertainty: float
    lesions: int
    interval: IntervalKind = IntervalKind.SAMPLES
    interval_note: str = ""

    def interval_text(self, write: Callable[[float], str] = "{:.1f}".format) -> str:
        """Return the interval for people: ``12.3 to 20.1``, or ``withheld``; `write` turns mL into text."""
        if self.low_ml is None or self.high_ml is None:
            return "withheld"
        return f"{write(self.low_ml)} to {write(self.high_ml)}"


@dataclass(frozen=True)
class Lesion:
    """One connected component of one class (26-neighbourhood).

    Attributes
    ----------
    number : int
        1, 2, ... by decreasing volume over all classes.
    name : str
        Class name.
    volume_ml : float
    probabilities : mapping of class name to float
        Mean class probabilities over the lesion's voxels.
    mean_uncertainty, max_uncertainty : float
        Normalised predictive entropy over the lesion's voxels.
    extent_mm : (3,) tuple of float
        Size of the lesion along patient axes R, A, S in mm.
    centre_ras : (3,) tuple of float
        Centroid in mm.
    nearest_slice : int
        Index of the CT's slice closest to the centroid, from 0.
    abc2_ml : float
    """

    number: int
    name: str
    volume_ml: float
    probabilities: Mapping[str, float]
    mean_uncertainty: float
    max_uncertainty: float
    extent_mm: tuple[float, float, float]
    centre_ras: tuple[float, float, float]
    nearest_slice: int
    abc2_ml: float


@dataclass(frozen=True)
class PlaceToLookAt:
    """A cluster of uncertain voxels, worth a second look.

    Attributes
    ----------
    rank : int
        1 = look here first (largest integral of uncertainty over the cluster).
    score_ml : float
        Sum over the cluster of normalised entropy x voxel volume, in mL.
    volume_ml : float
    peak_uncertainty : float
    classes : tuple of str
        Classes that compete here, most probable first.
    centre_ras : (3,) tuple of float
        The cluster's voxel of highest uncertainty nearest its centroid, in mm.
    nearest_slice : int
    """

    rank: int
    score_ml: float
    volume_ml: float
    peak_uncertainty: float
    classes: tuple[str, ...]
    centre_ras: tuple[float, float, float]
    nearest_slice: int


@dataclass(frozen=True, eq=False)
class Segmentation:
    """A segmented head CT and how sure it is; every array has the CT's own shape (D, H, W).

    Attributes
    ----------
    ct : HeadCT
        The input.
    classes : tuple of str
        Class names; index = label value; ``classes[0]`` is ``"background"``.
    labels : (D, H, W) uint8
    probabilities : (C, D, H, W) float32
        Mean over the samples that have a vote.
    variance : (D, H, W) float32
        Population variance over samples summed over classes (uncertainty-aware nnU-Net, Eq. 4), in [0, 1 - 1/C].
    class_variance : (C, D, H, W) float32
        The same per class, each in [0, 0.25].
    entropy : (D, H, W) float32
        Predictive entropy of the mean, divided by log C: in [0, 1].
    expected_entropy : (D, H, W) float32
        Mean of the samples' entropies, divided by log C: in [0, 1].
    mutual_information : (D, H, W) float32
        Predictive minus expected entropy: in [0, 1].
    votes : (D, H, W) uint16
        Number of samples whose field of view held the voxel.
    volumes : tuple of VolumeEstimate
        One per foreground class in label order, then ``total``.
    lesions : tuple of Lesion
    places : tuple of PlaceToLookAt
    provenance : mapping
        JSON-able: program and library versions, model name and SHA-256, method (also in words), samples, transforms, preset,
        seed, device, precision, drawn parameters of each sample, times in seconds, input and its warnings.
    warnings : tuple of str
        What the user should know, one sentence each.
    samples : (M, D, H, W) uint8, or None
        Label map of each sample, if they were kept.
    parts : UncertaintyParts, or None
        What slice expansion and random transforms contribute, if the method draws both (``slex-tta``).
    """

    ct: HeadCT
    classes: tuple[str, ...]
    labels: NDArray[np.uint8]
    probabilities: NDArray[np.float32]
    variance: NDArray[np.float32]
    class_variance: NDArray[np.float32]
    entropy: NDArray[np.float32]
    expected_entropy: NDArray[np.float32]
    mutual_information: NDArray[np.float32]
    votes: NDArray[np.uint16]
    volumes: tuple[VolumeEstimate, ...]
    lesions: tuple[Lesion, ...]
    places: tuple[PlaceToLookAt, ...]
    provenance: Mapping[str, Any]
    warnings: tuple[str, ...] = field(default=())
    samples: NDArray[np.uint8] | None = None
    parts: UncertaintyParts | None = None

    @property
    def total_ml(self) -> float:
        """Volume of all hemorrhage in mL."""
        return self.volumes[-1].volume_ml

    @property
    def interval_meaning(self) -> str:
        """What the intervals of the volumes claim, as a phrase for people."""
        calibration = self.provenance.get("calibration")
        if calibration is None:
            return "5 % and 95 % quantiles of the samples' volumes, widened to include the volume; not calibrated"
        return (
            f"calibrated to hold the true volume in {100 * calibration['level']:g} % of cases like the {calibration['cases']} "
            f"that the model was calibrated with ({calibration['data']}), separately by class and by size; includes the volume"
        )

    def calibrated_probabilities(self) -> NDArray[np.float32] | None:
        """Return `probabilities` at the calibrated temperature, (C, D, H, W); None if the model is not calibrated.

        Labels stay what they are. The maps of the result, entropy and mutual information among them, belong together and to the
        samples: none of them is at this temperature.
        """
        calibration = self.provenance.get("calibration")
        if calibration is None:
            return None
        from .measures.temperature import tempered

        return tempered(self.probabilities, calibration["temperature"])

    def foreground_entropy(self) -> NDArray[np.float32]:
        """Return -p log p of the mean probability p of any hemorrhage in nats, (D, H, W) in [0, 1/e].

        This is Eq. 8 of SLEX-Net's paper as it is printed, to compare with it. It is no entropy: it is largest at p = 1/e, and
        unequal for p and 1 - p. `entropy` has the background's term too.
        """
        p = self.probabilities[1:].sum(axis=0).clip(0, 1)
        return np.where(p > 0, -p * np.log(np.maximum(p, np.finfo(np.float32).tiny)), 0).astype(np.float32)

    def save(self, folder: str | Path, *, overwrite: bool = False) -> Path:
        """Write all files of a result (see `hemorrhage.writing.save_segmentation`) and return the folder."""
        from .writing.save_segmentation import save_segmentation

        return save_segmentation(self, folder, overwrite=overwrite)
