"""One method with one trained network on all test cases: measured once, kept as JSON."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict

from hemorrhage.models.model import Model
from hemorrhage.posterior import Posterior, working_voxel_volume_ml

from ...evaluation.calibration import Calibration
from ...evaluation.overlap import Overlap
from ...evaluation.surface_distances import surface_distances
from .arms import Arm
from .unseen_cases import UnseenCase


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CaseFigures(_Record):
    """One case; hemorrhage of any kind is one class. None = undefined.

    Attributes
    ----------
    name : str
    dice, hd_mm, rvd : float or None
        Overlap, Hausdorff distance, and |relative volume difference|.
    predicted_ml, reference_ml : float
    nll, brier, ece : float
        Inside the skull.
    seconds : float
        From the prepared CT to the last sample.
    """

    name: str
    dice: float | None
    hd_mm: float | None
    rvd: float | None
    predicted_ml: float
    reference_ml: float
    nll: float
    brier: float
    ece: float
    seconds: float


class Cell(_Record):
    """All cases.

    Attributes
    ----------
    cases : list of CaseFigures
    counts, confidences, hits : list of float
        The reliability diagram's sums over all voxels inside the skulls: see `Calibration`.
    """

    cases: list[CaseFigures]
    counts: list[float]
    confidences: list[float]
    hits: list[float]

    def save(self, path: Path) -> None:
        """Write JSON, which appears complete or not at all."""
        write_whole(path, self.model_dump(mode="json"))


def write_whole(path: Path, content: object) -> None:
    """Write JSON that appears complete or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.write_text(json.dumps(content), encoding="utf-8")
    partial.replace(path)


def measure_cell(
    arm: Arm, model: Model, cases: Iterable[UnseenCase], seed: int, device: str, told: Callable[[str], None] = lambda _: None
) -> Cell:
    """Let a method predict all cases and score what it says.

    Parameters
    ----------
    arm : Arm
    model : Model
        The trained network.
    cases : iterable of UnseenCase
    seed : int
        Of the samples.
    device : str
    told : callable
        Receives the name of each case when it is done.
    """
    network = model.network(device)
    clock = time.process_time if network.device.type == "cpu" else time.perf_counter  # other programs do not count on a processor
    total, figures = Calibration(), []
    for case in cases:
        sampler = model.sampler(arm.method.value, network=network)
        grid = sampler.grid(case.ct)  # prepares the CT
        posterior = Posterior(len(model.classes), working_voxel_volume_ml(case.ct, grid))
        begun = clock()
        samples = list(sampler.draw(case.ct, arm.samples, seed))
        seconds = clock() - begun
        for sample in samples:
            posterior.add(sample)
        maps = posterior.summarize(grid)
        calibration = Calibration()
        inside = case.inside
        calibration.add(maps.probabilities[:, inside], maps.labels[inside], case.reference[inside])
        total.merge(calibration)
        predicted, reference = maps.labels > 0, case.reference > 0
        overlap = Overlap.of(predicted, reference)
        distances = surface_distances(predicted, reference, case.ct.affine)
        difference = overlap.relative_volume_difference
        figures.append(
            CaseFigures(
                name=case.name,
                dice=overlap.dice,
                hd_mm=None if distances is None else distances.hd_mm,
                rvd=None if difference is None else abs(difference),
                predicted_ml=overlap.predicted * case.ct.voxel_volume_ml,
                reference_ml=overlap.reference * case.ct.voxel_volume_ml,
                nll=calibration.nll or 0.0,
                brier=calibration.brier or 0.0,
                ece=calibration.ece or 0.0,
                seconds=seconds,
            )
        )
        told(case.name)
    sums = (np.asarray(each).tolist() for each in (total.counts, total.confidences, total.hits))
    return Cell(cases=figures, **dict(zip(("counts", "confidences", "hits"), sums, strict=True)))
