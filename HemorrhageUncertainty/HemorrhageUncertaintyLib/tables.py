"""The tables of a result: volumes, lesions, places to look at."""

from __future__ import annotations

import json
import math
from collections.abc import Generator, Mapping

import slicer
from slicer.i18n import tr as _

from .slice_numbers import sliceNumbers
from .step_runner import allSteps
from .table_node import Column, ColumnType, columnValues, fillTable, setColumnValues

TOTAL = "total"
#: Smaller volumes are told with two decimals: "0.0 mL" of a finding is no answer.
_ONE_DECIMAL_ML = 0.5
_THRESHOLDS = "exceedsMl"


def makeTables(result) -> None:
    """Fill the three table nodes of a result at once; see `tableSteps`."""
    allSteps(tableSteps(result))


def tableSteps(result) -> Generator[None, None, None]:
    """Fill the three table nodes of a result from its summary, one each step; they are made once and used again.

    Parameters
    ----------
    result : HemorrhageResult
    """
    ctName = result.ct.GetName() if result.ct is not None else ""
    summary = result.summary
    fillTable(_tableNode(result, "volumesTable", _("{ct} volumes").format(ct=ctName)), _volumes(summary, thresholdsMl(result)))
    yield
    fillTable(_tableNode(result, "lesionsTable", _("{ct} lesions").format(ct=ctName)), _lesions(summary["lesions"], result.ct))
    yield
    fillTable(
        _tableNode(result, "placesTable", _("{ct} places to look at").format(ct=ctName)), _places(summary["places"], result.ct)
    )
    yield


def thresholdsMl(result) -> dict[str, float]:
    """Return the volume in mL of each subtype, and of ``total``, whose exceedance the volumes table counts."""
    chosen = json.loads(result.record.GetParameter(_THRESHOLDS) or "{}")
    return {volume["name"]: chosen.get(volume["name"], volume["exceeds_ml"]) for volume in result.summary["volumes"]}


def setThresholdMl(result, thresholdMl: float, name: str | None = None) -> None:
    """Count anew in how many samples a volume is above a threshold; kept with the result.

    Parameters
    ----------
    result : HemorrhageResult
    thresholdMl : float
        Zero or more, in mL.
    name : str, optional
        Subtype or ``total``; all of them if left out.

    Raises
    ------
    ValueError
        Where the threshold is negative.
    KeyError
        Where the result has no such subtype.
    """
    if not thresholdMl >= 0:
        raise ValueError(f"the volume threshold must be zero or more mL, not {thresholdMl:g}")
    thresholds = thresholdsMl(result)
    if name is not None and name not in thresholds:
        raise KeyError(name)
    thresholds.update({each: float(thresholdMl) for each in thresholds if name in (None, each)})
    result.record.SetParameter(_THRESHOLDS, json.dumps(thresholds))
    table = result.node("volumesTable")
    names = columnValues(table, "subtype")
    samples = {volume["name"]: volume["samples_ml"] for volume in result.summary["volumes"]}
    setColumnValues(table, "exceeds_ml", [thresholds[each] for each in names])
    setColumnValues(table, "probability_exceeds", [_shareAbove(samples[each], thresholds[each]) for each in names])


def setReviewedMl(result, reviewedMl: Mapping[str, float]) -> None:
    """Write what a review has left of each subtype (and of ``total``), in mL, into the volumes table; absent ones are 0."""
    table = result.node("volumesTable")
    if table is None:  # a user has deleted it
        return
    setColumnValues(table, "reviewed_ml", [reviewedMl.get(name, 0.0) for name in columnValues(table, "subtype")])


def setLesionReview(result, currentMl: Mapping[int, float], marks: Mapping[int, str]) -> None:
    """Write each lesion's present volume in mL and its mark, in words, into the lesions table, by the lesion's number."""
    table = result.node("lesionsTable")
    if table is None:  # a user has deleted it
        return
    numbers = columnValues(table, "number")
    setColumnValues(table, "reviewed_ml", [currentMl.get(number, 0.0) for number in numbers])
    setColumnValues(table, "mark", [marks.get(number, "") for number in numbers])


def setPlaceReview(result, marks: Mapping[int, str]) -> None:
    """Write each place's mark, in words, into the table of places, by the place's rank."""
    table = result.node("placesTable")
    if table is None:  # a user has deleted it
        return
    setColumnValues(table, "mark", [marks.get(rank, "") for rank in columnValues(table, "rank")])


def volumeText(volumeMl: float) -> str:
    """Return a finding's volume in mL with as many decimals as it needs."""
    return f"{volumeMl:.2f}" if 0 < volumeMl < _ONE_DECIMAL_ML else f"{volumeMl:.1f}"


def _tableNode(result, role: str, name: str):
    node = result.node(role)
    if node is None:
        node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTableNode", name)
        result.setNode(role, node)
    return node


def _shareAbove(samplesMl, thresholdMl: float) -> float:
    return sum(sample > thresholdMl for sample in samplesMl) / len(samplesMl)


def _volumes(summary: Mapping, thresholds: Mapping[str, float]) -> list[Column]:
    rows = summary["volumes"]
    low, high = _intervalMeaning(summary)

    def number(key: str, title: str, unit: str = "", description: str = "") -> Column:
        # An interval that is withheld has no ends.
        values = [math.nan if row[key] is None else row[key] for row in rows]
        return Column(key, title, ColumnType.NUMBER, values, unit, description)

    return [
        Column("subtype", _("Subtype"), ColumnType.TEXT, [row["name"] for row in rows]),
        number("volume_ml", _("Volume"), "mL", _("Volume of the segmentation as the model made it")),
        number("low_ml", _("Low"), "mL", low),
        number("high_ml", _("High"), "mL", high),
        Column(
            "reviewed_ml",
            _("Reviewed"),
            ColumnType.NUMBER,
            [row["volume_ml"] for row in rows],
            "mL",
            _("Volume after edits, without rejected lesions"),
        ),
        Column("exceeds_ml", _("Threshold"), ColumnType.NUMBER, [thresholds[row["name"]] for row in rows], "mL"),
        Column(
            "probability_exceeds",
            _("P(above threshold)"),
            ColumnType.NUMBER,
            [_shareAbove(row["samples_ml"], thresholds[row["name"]]) for row in rows],
            description=_("Share of the samples whose volume is above the threshold; not calibrated"),
        ),
        number("probability_present", _("P(present)"), description=_("Share of the samples that contain the subtype at all")),
        number("abc2_ml", _("ABC/2"), "mL", _("Bedside estimate for the largest lesion")),
        Column("lesions", _("Lesions"), ColumnType.COUNT, [row["lesions"] for row in rows]),
        number("mean_uncertainty", _("Mean uncertainty"), "", _("Mean entropy within the segment, 0 to 1")),
    ]


def _intervalMeaning(summary: Mapping) -> tuple[str, str]:
    """Return what the lower and the upper ends of the intervals are."""
    calibration = summary.get("provenance", {}).get("calibration")
    if calibration is None:
        return _("5 % quantile of the samples' volumes; not calibrated"), _(
            "95 % quantile of the samples' volumes; not calibrated"
        )
    share = f"{100 * calibration['level']:g}"
    return (
        _("Lower end of the calibrated {share} % interval; empty if withheld").format(share=share),
        _("Upper end of the calibrated {share} % interval; empty if withheld").format(share=share),
    )


def _lesions(rows: list[Mapping], ct) -> list[Column]:
    def number(key: str, title: str, unit: str = "", description: str = "") -> Column:
        return Column(key, title, ColumnType.NUMBER, [row[key] for row in rows], unit, description)

    return [
        Column("number", _("Lesion"), ColumnType.COUNT, [row["number"] for row in rows]),
        Column("subtype", _("Subtype"), ColumnType.TEXT, [row["name"] for row in rows]),
        number("volume_ml", _("Volume"), "mL", _("Volume as the model made it")),
        Column("reviewed_ml", _("Now"), ColumnType.NUMBER, [row["volume_ml"] for row in rows], "mL", _("Volume after edits")),
        Column("mark", _("Mark"), ColumnType.TEXT, [""] * len(rows)),
        Column(
            "probability",
            _("P(subtype)"),
            ColumnType.NUMBER,
            [row["probabilities"][row["name"]] for row in rows],
            description=_("Mean probability of the subtype within the lesion"),
        ),
        number("mean_uncertainty", _("Mean uncertainty"), "", _("Mean entropy within the lesion, 0 to 1")),
        number("max_uncertainty", _("Max uncertainty")),
        number("abc2_ml", _("ABC/2"), "mL"),
        *_extents(rows),
        _slice(rows, ct),
        *_centres(rows),
    ]


def _places(rows: list[Mapping], ct) -> list[Column]:
    def number(key: str, title: str, unit: str = "", description: str = "") -> Column:
        return Column(key, title, ColumnType.NUMBER, [row[key] for row in rows], unit, description)

    return [
        Column("rank", _("Rank"), ColumnType.COUNT, [row["rank"] for row in rows]),
        Column("subtypes", _("Between"), ColumnType.TEXT, [" / ".join(row["classes"]) for row in rows]),
        Column("mark", _("Mark"), ColumnType.TEXT, [""] * len(rows)),
        number("score_ml", _("Score"), "mL", _("Entropy, 0 to 1, summed over the volume of the place")),
        number("volume_ml", _("Volume"), "mL"),
        number("peak_uncertainty", _("Peak uncertainty"), "", _("Highest entropy, 0 to 1")),
        _slice(rows, ct),
        *_centres(rows),
    ]


def _slice(rows: list[Mapping], ct) -> Column:
    description = _("Slice of the CT as it is stored, counted from 1; a viewer may count from the other end")
    return Column("slice", _("Slice"), ColumnType.COUNT, sliceNumbers(ct, rows), "", description)


def _extents(rows: list[Mapping]) -> list[Column]:
    titles = (_("Width R-L"), _("Depth A-P"), _("Height S-I"))
    return [
        Column(f"extent_{axis}_mm", title, ColumnType.NUMBER, [row["extent_mm"][index] for row in rows], "mm", decimals=1)
        for index, (axis, title) in enumerate(zip("ras", titles, strict=True))
    ]


def _centres(rows: list[Mapping]) -> list[Column]:
    return [
        Column(axis.lower() + "_mm", axis, ColumnType.NUMBER, [row["centre_ras"][index] for row in rows], "mm", decimals=1)
        for index, axis in enumerate("RAS")
    ]
