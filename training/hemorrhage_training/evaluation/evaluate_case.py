"""One case: its files read, every figure computed. What adds up over cases is kept as sums and counts."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hemorrhage.errors import GeometryError, NotAVolumeError, UnreadableInputError

from .calibration import Calibration
from .case_scores import ANY, CaseScores, ClassScores, Region
from .cases import CaseFiles
from .error_detection import ErrorDetection
from .grid_files import Grid, read_grid, read_labels, read_map
from .lesion_detection import count_lesions
from .overlap import Overlap
from .rater_scores import majority, score_raters
from .surface_distances import surface_distances

#: The maps that may tell where the label map is wrong.
MAPS = ("entropy", "variance", "mutual_information")
#: Slices handled at once, so that temporary arrays stay small beside the maps themselves.
_SLICES_AT_ONCE = 4


@dataclass(frozen=True)
class EvaluationSettings:
    """What is the same for all cases.

    Attributes
    ----------
    predicted_classes, reference_classes : tuple of str
        Names, index = label value, of the label maps as they are stored.
    classes : tuple of str
        Names that are compared; the two above, or background and hemorrhage only.
    smallest_lesion_ml : float
        See `count_lesions`.
    ignore_label : int or None
        Value of the references that says that nobody knows: these voxels are left out of everything.
    """

    predicted_classes: tuple[str, ...]
    reference_classes: tuple[str, ...]
    classes: tuple[str, ...]
    smallest_lesion_ml: float = 0.0
    ignore_label: int | None = None

    @property
    def merges(self) -> bool:
        """Whether all hemorrhage counts as one class."""
        return len(self.classes) < max(len(self.predicted_classes), len(self.reference_classes))

    def largest(self, name: str) -> float:
        """Largest possible value of one of `MAPS`: 1 - 1/C for the variance, 1 for the entropies."""
        return 1 - 1 / len(self.predicted_classes) if name == "variance" else 1.0


def evaluate_case(case: CaseFiles, settings: EvaluationSettings) -> CaseScores:
    """Compute all figures of one case.

    Raises
    ------
    UnreadableInputError, NotAVolumeError
        A file is damaged, or not what it should be.
    GeometryError
        A map or the CT lies on another grid than the label map.
    """
    grid = read_grid(case.labels)
    predicted = _label_map(case.labels, grid, settings.predicted_classes, settings)
    references, ignored = _references(case.references, grid, settings)
    if ignored is not None:
        predicted[ignored] = 0
    reference = references[0] if len(references) == 1 else majority(references)
    result = _result_of(case)
    intervals = _intervals(result, settings)
    scores = CaseScores(
        name=case.name,
        classes=tuple(
            _score_class(name, label, predicted, reference, grid, settings, intervals.get(name, (None, None)))
            for label, name in _targets(settings.classes)
        ),
        has_interval=result is not None,
    )
    if case.raters:
        rated = references if case.raters == case.references else _references(case.raters, grid, settings)[0]
        samples = _samples(case, grid, predicted, settings)
        if ignored is not None:
            samples = [np.where(ignored, 0, each) for each in samples]
        scores.raters = score_raters(samples, predicted, rated, settings.classes)
    if case.result is not None:
        _score_maps(scores, case, case.result, grid, predicted, reference, ignored, settings)
    return scores


def _targets(classes: Sequence[str]) -> Iterator[tuple[int | None, str]]:
    """Yield label and name of what is scored; the label None stands for all hemorrhage together."""
    yield from enumerate(classes[1:], start=1)
    yield None, ANY


def _score_class(
    name: str,
    label: int | None,
    predicted: NDArray[np.uint8],
    reference: NDArray[np.uint8],
    grid: Grid,
    settings: EvaluationSettings,
    interval: tuple[float | None, float | None],
) -> ClassScores:
    p, r = ((each > 0 if label is None else each == label) for each in (predicted, reference))
    overlap = Overlap.of(p, r)
    distances = surface_distances(p, r, grid.affine)
    lesions = count_lesions(p, r, grid.voxel_ml, settings.smallest_lesion_ml)
    return ClassScores(
        name=name,
        predicted_ml=overlap.predicted * grid.voxel_ml,
        reference_ml=overlap.reference * grid.voxel_ml,
        dice=overlap.dice,
        jaccard=overlap.jaccard,
        rvd=overlap.relative_volume_difference,
        hd_mm=None if distances is None else distances.hd_mm,
        hd95_mm=None if distances is None else distances.hd95_mm,
        assd_mm=None if distances is None else distances.assd_mm,
        reference_lesions=lesions.reference,
        found_lesions=lesions.found,
        predicted_lesions=lesions.predicted,
        false_positive_lesions=lesions.false_positive,
        low_ml=interval[0],
        high_ml=interval[1],
    )


def _score_maps(
    scores: CaseScores,
    case: CaseFiles,
    folder: Path,
    grid: Grid,
    predicted: NDArray[np.uint8],
    reference: NDArray[np.uint8],
    ignored: NDArray[np.bool_] | None,
    settings: EvaluationSettings,
) -> None:
    """Add what the method's maps are worth: detection of errors, calibration, aggregated uncertainty of the case."""
    regions: dict[Region, NDArray[np.bool_] | None] = {Region.WHOLE: None}
    if case.ct is not None and (head := _inside_skull(case, case.ct, grid)) is not None:
        regions[Region.HEAD] = head
    probabilities = _on_grid(folder / "probabilities.nii.gz", grid, len(settings.predicted_classes))
    maps = {name: _on_grid(folder / f"{name}.nii.gz", grid) for name in MAPS}
    scores.calibration = {region: Calibration() for region in regions}
    scores.errors = {(region, name): ErrorDetection(settings.largest(name)) for region in regions for name in MAPS}
    for start in range(0, grid.shape[0], _SLICES_AT_ONCE):
        part = slice(start, start + _SLICES_AT_ONCE)
        wrong = predicted[part] != reference[part]
        merged = _merged(probabilities[:, part], settings)
        for region, mask in regions.items():
            chosen = np.ones_like(wrong) if mask is None else mask[part].copy()
            if ignored is not None:
                chosen &= ~ignored[part]
            scores.calibration[region].add(merged[:, chosen], predicted[part][chosen], reference[part][chosen])
            for name, values in maps.items():
                scores.errors[region, name].add(values[part][chosen], wrong[chosen])
    expected_ml = float((1 - probabilities[0].astype(np.float64)).sum()) * grid.voxel_ml
    scores.certainty = _certainty(maps, expected_ml, scores.classes[-1], grid.voxel_ml)


def _certainty(
    maps: Mapping[str, NDArray[np.float32]], expected_ml: float, total: ClassScores, voxel_ml: float
) -> dict[str, float]:
    """Aggregate a case's uncertainty to single numbers.

    ``<map>_ml`` is the map's integral in mL; ``<map>_per_ml`` divides it by the expected volume of hemorrhage (the integral
    of its probability), so that a large hemorrhage is not uncertain for its size alone; ``relative_interval`` is the width
    of the interval of the total volume over that volume.
    """
    certainty = {}
    for name, values in maps.items():
        integral = float(values.sum(dtype=np.float64)) * voxel_ml
        certainty[f"{name}_ml"] = integral
        certainty[f"{name}_per_ml"] = integral / expected_ml if expected_ml > 0 else 0.0
    if total.low_ml is not None and total.high_ml is not None and total.predicted_ml > 0:
        certainty["relative_interval"] = (total.high_ml - total.low_ml) / total.predicted_ml
    return certainty


def _label_map(path: Path, grid: Grid, classes: Sequence[str], settings: EvaluationSettings) -> NDArray[np.uint8]:
    return _merge_labels(_read_on_grid(path, grid, len(classes)), settings)


def _read_on_grid(path: Path, grid: Grid, classes: int) -> NDArray[np.uint8]:
    labels = read_labels(path, classes)
    if labels.shape != grid.shape:
        raise NotAVolumeError(f"{path} has the shape {labels.shape}, not {grid.shape}: give one 3D label map per case")
    return labels


def _merge_labels(labels: NDArray[np.uint8], settings: EvaluationSettings) -> NDArray[np.uint8]:
    return (labels > 0).astype(np.uint8) if settings.merges else labels


def _references(
    paths: Sequence[Path], grid: Grid, settings: EvaluationSettings
) -> tuple[list[NDArray[np.uint8]], NDArray[np.bool_] | None]:
    """Read label maps of references; also return where any of them ignores a voxel, which is background in all then."""
    if settings.ignore_label is None:
        return [_label_map(path, grid, settings.reference_classes, settings) for path in paths], None
    # Read with one class more, the ignore label; nnU-Net gives it the highest value.
    stored = [_read_on_grid(path, grid, settings.ignore_label + 1) for path in paths]
    ignored = np.any([labels == settings.ignore_label for labels in stored], axis=0)
    return [_merge_labels(np.where(ignored, 0, labels).astype(np.uint8), settings) for labels in stored], ignored


def _samples(
    case: CaseFiles, grid: Grid, predicted: NDArray[np.uint8], settings: EvaluationSettings
) -> Sequence[NDArray[np.uint8]]:
    """Return the method's samples, or the final label map as the only one if they were not kept."""
    path = None if case.result is None else case.result / "samples.nii.gz"
    if path is None or not path.is_file():
        return [predicted]
    samples = read_labels(path, len(settings.predicted_classes))
    samples = samples if samples.ndim == 4 else samples[None]
    if samples.shape[1:] != grid.shape:
        raise GeometryError(f"{path} does not lie on the grid of the label map of case {case.name}: segment the case again")
    return list(_merge_labels(samples, settings))


def _on_grid(path: Path, grid: Grid, classes: int | None = None) -> NDArray[np.float32]:
    values = read_map(path)
    shape = grid.shape if classes is None else (classes, *grid.shape)
    if values.shape != shape:
        raise GeometryError(f"{path} has the shape {values.shape}, not {shape} as its label map: segment the case again")
    if not np.isfinite(values).all():
        raise UnreadableInputError(f"{path} holds values that are not finite: segment the case again")
    return values


def _merged(probabilities: NDArray[np.float32], settings: EvaluationSettings) -> NDArray[np.float32]:
    if not settings.merges:
        return probabilities
    return np.stack([probabilities[0], probabilities[1:].sum(axis=0)])


def _inside_skull(case: CaseFiles, path: Path, grid: Grid) -> NDArray[np.bool_] | None:
    from hemorrhage.intracranial_mask import intracranial_mask
    from hemorrhage.reading import read_ct

    ct = read_ct(path)
    if not grid.is_same_as(Grid(ct.shape, ct.affine)):
        raise GeometryError(
            f"case {case.name}: the CT {path} lies on another grid than the label maps: name the one they belong to"
        )
    return intracranial_mask(ct)


def _result_of(case: CaseFiles) -> Mapping[str, Any] | None:
    if case.result is None:
        return None
    path = case.result / "result.json"
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        return {"volumes": [dict(volume) for volume in record["volumes"]]}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UnreadableInputError(f"{path} is missing or damaged: segment case {case.name} again") from error


def _intervals(result: Mapping[str, Any] | None, settings: EvaluationSettings) -> dict[str, tuple[float | None, float | None]]:
    """Return the stated interval by class; that of the total belongs to all hemorrhage, however many classes there are."""
    stated = {}
    for volume in [] if result is None else result["volumes"]:
        ends = (_finite(volume.get("low_ml")), _finite(volume.get("high_ml")))
        for name in (ANY, settings.classes[1]) if volume["name"] == "total" and len(settings.classes) == 2 else (volume["name"],):
            stated[ANY if name == "total" else name] = ends
    return stated


def _finite(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None
