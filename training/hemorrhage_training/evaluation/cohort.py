"""All cases of an evaluation, taken in one at a time."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from .calibration import Calibration
from .case_scores import CaseScores, ClassScores, RaterScores, Region
from .error_detection import ErrorDetection
from .evaluate_case import MAPS


@dataclass(frozen=True)
class CaseUncertainty:
    """What the maps of one case are worth in one region; None = undefined."""

    case: str
    region: Region
    error_rate: float | None
    nll: float | None
    brier: float | None
    ece: float | None
    auroc: dict[str, float | None]
    auprc: dict[str, float | None]


@dataclass
class Cohort:
    """Sums over voxels are merged, and only numbers are kept per case: a thousand cases need hardly more memory than one.

    Attributes
    ----------
    cases : list of str
    classes : mapping of class name to list of ClassScores
        In the order of `cases`.
    raters : mapping of class name to list of (case, RaterScores)
    certainty : list of mapping
        Aggregated uncertainties, in the order of `cases`; empty for a case without maps.
    uncertainty : list of CaseUncertainty
    calibration, errors : mappings
        As in `CaseScores`, over all voxels of all cases.
    has_interval : bool
        Whether any case states intervals for volumes.
    """

    cases: list[str] = field(default_factory=list)
    classes: dict[str, list[ClassScores]] = field(default_factory=lambda: defaultdict(list))
    raters: dict[str, list[tuple[str, RaterScores]]] = field(default_factory=lambda: defaultdict(list))
    certainty: list[dict[str, float]] = field(default_factory=list)
    uncertainty: list[CaseUncertainty] = field(default_factory=list)
    calibration: dict[Region, Calibration] = field(default_factory=dict)
    errors: dict[tuple[Region, str], ErrorDetection] = field(default_factory=dict)
    has_interval: bool = False

    def add(self, case: CaseScores) -> None:
        """Take in one case."""
        self.cases.append(case.name)
        for scores in case.classes:
            self.classes[scores.name].append(scores)
        for rated in case.raters:
            self.raters[rated.name].append((case.name, rated))
        self.certainty.append(dict(case.certainty))
        self.has_interval |= case.has_interval
        for region, sums in case.calibration.items():
            detections = {name: case.errors[region, name] for name in MAPS}
            self.uncertainty.append(
                CaseUncertainty(
                    case=case.name,
                    region=region,
                    error_rate=detections[MAPS[0]].error_rate,
                    nll=sums.nll,
                    brier=sums.brier,
                    ece=sums.ece,
                    auroc={name: detection.auroc for name, detection in detections.items()},
                    auprc={name: detection.auprc for name, detection in detections.items()},
                )
            )
            self.calibration.setdefault(region, Calibration()).merge(sums)
            for name, detection in detections.items():
                self.errors.setdefault((region, name), ErrorDetection(detection.largest)).merge(detection)

    @property
    def subtypes(self) -> list[str]:
        """Class names without "any hemorrhage", in label order."""
        return list(self.classes)[:-1]

    @property
    def regions(self) -> list[Region]:
        """Regions that at least one case has."""
        return list(self.calibration)
