"""Tables, figures and report of an evaluated cohort."""

from __future__ import annotations

from pathlib import Path

from . import figures, uncertainty_figures, uncertainty_tables
from .case_scores import Region
from .cases import CaseList
from .cohort import Cohort
from .comparison import comparison_table
from .report import Section, write_markdown, write_report
from .segmentation_tables import case_table, segmentation_overview, segmentation_table
from .tables import Table
from .volume_table import volume_table

_NAMED_AT_MOST = 8


def write_evaluation(
    cohort: Cohort, folder: Path, found: CaseList, predictions: Path, references: Path, compare: Path | None
) -> None:
    """Write everything into an existing, empty folder.

    Parameters
    ----------
    cohort : Cohort
    folder : Path
    found : CaseList
        For the notes on what could not be measured.
    predictions, references : Path
        Named in the report.
    compare : Path or None
        Folder of another evaluation, see `comparison_table`.
    """
    pictures = folder / "figures"
    pictures.mkdir()
    case_table(cohort).write_csv(folder)
    segmentation_table(cohort).write_csv(folder)
    sections = [*_segmentation(cohort, pictures), *_uncertainty(cohort, folder, pictures), *_raters(cohort, folder)]
    if compare is not None:
        sections.append(Section(comparison_table(folder / "cases.csv", compare / "cases.csv")))
    tables = [section.table for section in sections]
    for table in tables:
        table.write_csv(folder)
    write_markdown(tables, folder / "tables.md")
    write_report(
        sections,
        folder / "report.html",
        cases=len(cohort.cases),
        predictions=predictions,
        references=references,
        notes=_notes(cohort, found),
    )


def _segmentation(cohort: Cohort, pictures: Path) -> list[Section]:
    scores = figures.write_figure(figures.segmentation_figure(cohort), pictures, "segmentation")
    agreement = figures.write_figure(figures.volume_figure(cohort), pictures, "volume_agreement")
    of_volume = [(agreement, "Difference of volumes against their mean: bias (line) and limits of agreement (dashed).")]
    if cohort.has_interval:
        intervals = figures.write_figure(figures.interval_figure(cohort), pictures, "volume_intervals")
        of_volume.append((intervals, "Stated interval of each case against its reference volume; red where it misses."))
    caption = (
        "Every case by class, with the median and quartiles; under each class the number of cases in which the figure is defined."
    )
    return [Section(segmentation_overview(cohort), ((scores, caption),)), Section(volume_table(cohort), tuple(of_volume))]


def _uncertainty(cohort: Cohort, folder: Path, pictures: Path) -> list[Section]:
    if not cohort.calibration:
        return []
    _write_details(
        folder,
        uncertainty_tables.case_uncertainty_table(cohort),
        uncertainty_tables.case_certainty_table(cohort),
        uncertainty_tables.error_rate_table(cohort),
        uncertainty_tables.reliability_table(cohort),
    )
    rate = figures.write_figure(uncertainty_figures.error_rate_figure(cohort), pictures, "error_rate")
    reliability = figures.write_figure(uncertainty_figures.reliability_figure(cohort), pictures, "reliability")
    curve = figures.write_figure(uncertainty_figures.risk_coverage_figure(cohort), pictures, "risk_coverage")
    of_voxels = (
        (
            rate,
            "Error rate against uncertainty, and the number of voxels behind it; hollow: fewer than 100 voxels, which is noise.",
        ),
        (reliability, "Accuracy against confidence of the predicted class, and the share of voxels by confidence (logarithmic)."),
    )
    caption = "Mean risk of the cases kept when the least sure ones are set aside."
    return [
        Section(uncertainty_tables.uncertainty_table(cohort), of_voxels),
        Section(uncertainty_tables.risk_coverage_table(cohort), ((curve, caption),)),
    ]


def _raters(cohort: Cohort, folder: Path) -> list[Section]:
    if not cohort.raters:
        return []
    _write_details(folder, uncertainty_tables.case_rater_table(cohort))
    return [Section(uncertainty_tables.rater_table(cohort))]


def _write_details(folder: Path, *tables: Table) -> None:
    for table in tables:
        table.write_csv(folder)


def _notes(cohort: Cohort, found: CaseList) -> list[str]:
    notes = []
    if found.without_reference:
        named = ", ".join(found.without_reference[:_NAMED_AT_MOST]) + (
            ", ..." if len(found.without_reference) > _NAMED_AT_MOST else ""
        )
        notes.append(f"{len(found.without_reference)} predictions have no reference and were left out: {named}.")
    if not cohort.calibration:
        notes.append("The predictions are label maps only: nothing can be said about uncertainty.")
    elif (inside := sum(each.region is Region.HEAD for each in cohort.uncertainty)) < len(cohort.cases):
        notes.append(
            f"Figures inside the head are known for {inside} of {len(cohort.cases)} cases: "
            "the others' CT was not given, or no skull was found in it."
        )
    if any(len(case.references) > 1 for case in found.cases):
        notes.append("Where a case has several raters, the reference is their majority, of equally frequent labels the lowest.")
    return notes
