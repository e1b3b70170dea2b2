"""Tables of the uncertainty: calibration, detection of errors, failure detection over cases, raters."""

from __future__ import annotations

import numpy as np

from .bootstrap import mean_with_interval
from .calibration import RELIABILITY_BINS
from .case_scores import ANY
from .cohort import Cohort
from .evaluate_case import MAPS
from .rater_scores import MEAN_OF_CLASSES
from .risk_coverage import RiskCoverage, risk_coverage
from .tables import Cell, Table


def case_uncertainty_table(cohort: Cohort) -> Table:
    """Return one row per case and region."""
    columns = (
        "case",
        "region",
        "error_rate",
        "nll",
        "brier",
        "ece",
        *(f"auroc_{name}" for name in MAPS),
        *(f"auprc_{name}" for name in MAPS),
    )
    rows = tuple(
        (
            each.case,
            str(each.region),
            each.error_rate,
            each.nll,
            each.brier,
            each.ece,
            *(each.auroc[m] for m in MAPS),
            *(each.auprc[m] for m in MAPS),
        )
        for each in cohort.uncertainty
    )
    return Table("case_uncertainty", "Uncertainty per case", columns, rows)


def case_certainty_table(cohort: Cohort) -> Table:
    """Return one row per case with its aggregated uncertainties, by which cases are ranked."""
    names = tuple(dict.fromkeys(name for each in cohort.certainty for name in each))
    rows = tuple((case, *(each.get(n) for n in names)) for case, each in zip(cohort.cases, cohort.certainty, strict=True))
    return Table("case_certainty", "Aggregated uncertainty per case", ("case", *names), rows)


def uncertainty_table(cohort: Cohort) -> Table:
    """Return one row per region and figure: over all voxels together, and as the mean over cases with its interval."""
    rows: list[tuple[Cell, ...]] = []
    for region in cohort.regions:
        own = [each for each in cohort.uncertainty if each.region is region]
        sums = cohort.calibration[region]
        figures: list[tuple[str, float | None, list[float | None]]] = [
            ("NLL (nats)", sums.nll, [each.nll for each in own]),
            ("Brier score", sums.brier, [each.brier for each in own]),
            ("ECE", sums.ece, [each.ece for each in own]),
        ]
        for name in MAPS:
            counts = cohort.errors[region, name]
            figures.append((f"AUROC for error, {name}", counts.auroc, [each.auroc[name] for each in own]))
            figures.append((f"AUPRC for error, {name}", counts.auprc, [each.auprc[name] for each in own]))
        figures.append(("error rate", cohort.errors[region, MAPS[0]].error_rate, [each.error_rate for each in own]))
        for title, pooled, of_cases in figures:
            values = [value for value in of_cases if value is not None]
            mean = mean_with_interval(values)
            ends = (None, None, None) if mean is None else (mean.value, mean.low, mean.high)
            rows.append((str(region), title, pooled, *ends, len(values)))
    note = (
        "Per voxel; air around the head makes every figure of the whole volume look good; 'head' is the space inside the skull. "
        "ECE: 10 bins of equal width of the predicted class's confidence. Error: predicted label is not the reference's. "
        "Chance level of the AUPRC is the error rate."
    )
    columns = ("region", "figure", "all voxels", "mean of cases", "low", "high", "cases")
    return Table("uncertainty", "Calibration and detection of errors", columns, tuple(rows), note)


def error_rate_table(cohort: Cohort) -> Table:
    """Return one row per region, map and bin of uncertainty, with the counts behind each rate."""
    rows: list[tuple[Cell, ...]] = []
    for (region, name), counts in cohort.errors.items():
        rates = counts.error_rates()
        for low, high, right, wrong in zip(rates.edges[:-1], rates.edges[1:], rates.right, rates.wrong, strict=True):
            total = int(right + wrong)
            rows.append((str(region), name, float(low), float(high), total, int(wrong), float(wrong / total) if total else None))
    columns = ("region", "map", "low", "high", "voxels", "errors", "error_rate")
    return Table("error_rate", "Error rate against uncertainty", columns, tuple(rows))


def reliability_table(cohort: Cohort) -> Table:
    """Return one row per region and bin of confidence."""
    rows: list[tuple[Cell, ...]] = []
    for region, sums in cohort.calibration.items():
        for number in range(RELIABILITY_BINS):
            count = float(sums.counts[number])
            means = (float(sums.confidences[number] / count), float(sums.hits[number] / count)) if count else (None, None)
            rows.append((str(region), number / RELIABILITY_BINS, (number + 1) / RELIABILITY_BINS, int(count), *means))
    columns = ("region", "low", "high", "voxels", "confidence", "accuracy")
    return Table("reliability", "Reliability", columns, tuple(rows))


def risk_curves(cohort: Cohort) -> dict[tuple[str, str], tuple[RiskCoverage, int]]:
    """Return the risk-coverage curve and the number of cases left out, by kind of Dice and aggregated uncertainty.

    The risk is 1 - Dice, of all hemorrhage as one class or as the mean over the classes for which it is defined. Cases
    without a defined Dice, or without this uncertainty, are left out.
    """
    curves = {}
    whole = [scores.dice for scores in cohort.classes[ANY]]
    by_class = [
        [each for name in cohort.subtypes if (each := cohort.classes[name][number].dice) is not None]
        for number in range(len(cohort.cases))
    ]
    means = [float(np.mean(each)) if each else None for each in by_class]
    kinds = {ANY: whole} | ({MEAN_OF_CLASSES: means} if len(cohort.subtypes) > 1 else {})
    for kind, dice in kinds.items():
        for name in dict.fromkeys(name for each in cohort.certainty for name in each):
            pairs = [
                (1 - value, each[name])
                for value, each in zip(dice, cohort.certainty, strict=True)
                if value is not None and name in each
            ]
            if pairs:
                risks, uncertainties = zip(*pairs, strict=True)
                curves[kind, name] = (risk_coverage(risks, uncertainties), len(dice) - len(pairs))
    return curves


def risk_coverage_table(cohort: Cohort) -> Table:
    """Return one row per kind of Dice and aggregated uncertainty."""
    rows = tuple(
        (kind, name, len(curve.risk), left_out, curve.aurc, curve.oracle_aurc, curve.random_aurc)
        for (kind, name), (curve, left_out) in risk_curves(cohort).items()
    )
    note = (
        "Risk is 1 - Dice; cases are ranked by an aggregated uncertainty, the surest first. AURC: mean over k of the mean risk "
        "of the k surest cases. *_ml: integral of the map; *_per_ml: divided by the expected volume of hemorrhage; "
        "relative_interval: width of the total volume's interval over the volume."
    )
    columns = ("Dice of", "ranked by", "cases", "left out", "AURC", "best possible", "random order")
    return Table("risk_coverage", "Which cases fail", columns, rows, note)


def case_rater_table(cohort: Cohort) -> Table:
    """Return one row per case and class that several raters have drawn."""
    rows = tuple(
        (case, name, each.samples, each.raters, each.ged, each.sample_diversity, each.rater_diversity, each.dice)
        for name, cases in cohort.raters.items()
        for case, each in cases
    )
    columns = ("case", "class", "samples", "raters", "ged", "sample_diversity", "rater_diversity", "dice")
    return Table("case_raters", "Raters per case", columns, tuple(sorted(rows, key=lambda row: str(row[0]))))


def rater_table(cohort: Cohort) -> Table:
    """Return one row per class: mean over cases with interval."""
    rows: list[tuple[Cell, ...]] = []
    for name, cases in cohort.raters.items():
        distance = mean_with_interval([each.ged for _, each in cases])
        dice = [each.dice for _, each in cases if each.dice is not None]
        assert distance is not None  # every name comes with a case
        rows.append(
            (
                name,
                len(cases),
                round(float(np.mean([each.samples for _, each in cases]))),
                distance.value,
                distance.low,
                distance.high,
                float(np.mean([each.sample_diversity for _, each in cases])),
                float(np.mean([each.rater_diversity for _, each in cases])),
                float(np.mean(dice)) if dice else None,
            )
        )
    note = (
        "GED: squared generalised energy distance between the method's samples and the raters, d = 1 - IoU (0 where both lack "
        "the class), over all pairs. With one sample per case it is the distance of the final label map. Dice: final label map "
        "with each rater."
    )
    columns = ("class", "cases", "samples", "GED", "low", "high", "sample diversity", "rater diversity", "Dice with raters")
    return Table("raters", "Raters", columns, tuple(rows), note)
