"""What is known about one evaluated case: numbers, and counts that add up over cases."""

from __future__ import annotations

import json
import os
import tokenize
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np

from hemorrhage.errors import UnreadableInputError

from .calibration import Calibration
from .error_detection import ErrorDetection

#: What reading a damaged file ends with; NumPy parses the header of an array as Python, and says so where it cannot.
_DAMAGE = (
    OSError,
    EOFError,
    ValueError,
    KeyError,
    TypeError,
    RuntimeError,
    SyntaxError,
    tokenize.TokenError,
    zlib.error,
    zipfile.BadZipFile,
)

#: Name of all hemorrhage classes taken together.
ANY = "any hemorrhage"


class Region(StrEnum):
    """Which voxels a figure is about: all, or those inside the skull (`hemorrhage.intracranial_mask`)."""

    WHOLE = "whole"
    HEAD = "head"


@dataclass(frozen=True)
class ClassScores:
    """One class of one case; None = undefined by the conventions of the module that computes it.

    Attributes
    ----------
    name : str
        Class name, or `ANY`.
    predicted_ml, reference_ml : float
    dice, jaccard, rvd : float or None
    hd_mm, hd95_mm, assd_mm : float or None
    reference_lesions, found_lesions, predicted_lesions, false_positive_lesions : int
    low_ml, high_ml : float or None
        The method's own interval for the volume, if it stated one.
    """

    name: str
    predicted_ml: float
    reference_ml: float
    dice: float | None
    jaccard: float | None
    rvd: float | None
    hd_mm: float | None
    hd95_mm: float | None
    assd_mm: float | None
    reference_lesions: int
    found_lesions: int
    predicted_lesions: int
    false_positive_lesions: int
    low_ml: float | None = None
    high_ml: float | None = None


@dataclass(frozen=True)
class RaterScores:
    """One class of one case against several raters; see `hemorrhage_training.evaluation.energy_distance`.

    Attributes
    ----------
    name : str
        Class name, or `ANY` (all hemorrhage as one class), or ``mean of classes``.
    samples, raters : int
    ged, sample_diversity, rater_diversity : float
    dice : float or None
        Mean Dice of the final label map with each rater, over the raters with whom it is defined.
    """

    name: str
    samples: int
    raters: int
    ged: float
    sample_diversity: float
    rater_diversity: float
    dice: float | None


@dataclass
class CaseScores:
    """One case.

    Attributes
    ----------
    name : str
    classes : tuple of ClassScores
        In label order, then `ANY`.
    raters : tuple of RaterScores
    certainty : mapping of str to float
        The case's aggregated uncertainties, by name.
    calibration : mapping of Region to Calibration
    errors : mapping of (Region, map name) to ErrorDetection
    has_interval : bool
        Whether the method states intervals at all.
    """

    name: str
    classes: tuple[ClassScores, ...]
    raters: tuple[RaterScores, ...] = ()
    certainty: Mapping[str, float] = field(default_factory=dict)
    calibration: Mapping[Region, Calibration] = field(default_factory=dict)
    errors: Mapping[tuple[Region, str], ErrorDetection] = field(default_factory=dict)
    has_interval: bool = False

    def save(self, path: Path, fingerprint: str) -> None:
        """Write the case to an ``.npz`` file, which appears complete or not at all.

        Parameters
        ----------
        path : Path
        fingerprint : str
            Stands for the inputs and settings that led to these scores; `load` asks for the same.
        """
        arrays: dict[str, Any] = {}
        for region, sums in self.calibration.items():
            arrays[f"calibration/{region}"] = np.concatenate(
                [[sums.voxels, sums.nll_sum, sums.brier_sum], sums.counts, sums.confidences, sums.hits]
            )
        for (region, name), counts in self.errors.items():
            arrays[f"ranks/{region}/{name}"] = counts.ranks
            arrays[f"bins/{region}/{name}"] = counts.bins
        scalars = {
            "fingerprint": fingerprint,
            "name": self.name,
            "classes": [asdict(each) for each in self.classes],
            "raters": [asdict(each) for each in self.raters],
            "certainty": dict(self.certainty),
            "has_interval": self.has_interval,
            "largest": {f"{region}/{name}": counts.largest for (region, name), counts in self.errors.items()},
        }
        partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
        try:
            with partial.open("wb") as stream:
                np.savez_compressed(stream, scalars=np.array(json.dumps(scalars)), **arrays)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)

    @classmethod
    def load(cls, path: Path, fingerprint: str) -> CaseScores | None:
        """Read a case back; None if it is not there, or comes from other inputs or settings.

        Raises
        ------
        UnreadableInputError
            The file is damaged.
        """
        if not path.is_file():
            return None
        try:
            with np.load(path, allow_pickle=False) as stored:
                scalars = json.loads(str(stored["scalars"]))
                if scalars["fingerprint"] != fingerprint:
                    return None
                errors = {
                    (Region(key.split("/")[0]), key.split("/", 1)[1]): ErrorDetection(
                        largest, stored[f"ranks/{key}"], stored[f"bins/{key}"]
                    )
                    for key, largest in scalars["largest"].items()
                }
                kept = [region for region in Region if f"calibration/{region}" in stored]
                calibration = {region: _calibration(stored[f"calibration/{region}"]) for region in kept}
            return cls(
                name=scalars["name"],
                classes=tuple(ClassScores(**each) for each in scalars["classes"]),
                raters=tuple(RaterScores(**each) for each in scalars["raters"]),
                certainty=scalars["certainty"],
                calibration=calibration,
                errors=errors,
                has_interval=scalars["has_interval"],
            )
        except _DAMAGE as error:
            raise UnreadableInputError(f"{path} is damaged: delete it and run the evaluation again") from error


def _calibration(values: np.ndarray) -> Calibration:
    counts, confidences, hits = values[3:].reshape(3, -1)
    return Calibration(int(values[0]), float(values[1]), float(values[2]), counts, confidences, hits)
