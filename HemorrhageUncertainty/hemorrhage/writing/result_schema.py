"""``result.json``: everything scalar about a result, in a versioned schema."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ..interval_kind import IntervalKind
from ..json_types import json_types

if TYPE_CHECKING:
    from ..segmentation import Segmentation

RESULT_FORMAT = "hemorrhage-segmentation"
#: Raised when a field changes its meaning or goes away; new fields do not raise it.
SCHEMA_VERSION = 1


class _Record(BaseModel):
    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)


class InputRecord(_Record):
    """The CT that was segmented."""

    source: str
    shape: tuple[int, int, int] = Field(description="slices, rows, columns")
    spacing_mm: tuple[float, float, float] = Field(description="along slice, row, column")
    affine: list[list[float]] = Field(description="index (slice, row, column) to R, A, S in mm, 4 x 4")
    voxel_volume_ml: float
    metadata: dict[str, Any]


class VolumeRecord(_Record):
    """One class, or the total; see `hemorrhage.segmentation.VolumeEstimate`."""

    name: str
    volume_ml: float
    low_ml: float | None = Field(description="null if the interval is withheld")
    high_ml: float | None
    samples_ml: list[float]
    probability_present: float
    exceeds_ml: float
    probability_exceeds: float
    abc2_ml: float
    mean_uncertainty: float
    lesions: int
    interval: IntervalKind = IntervalKind.SAMPLES
    interval_note: str = Field("", description="why the interval is withheld")


class LesionRecord(_Record):
    """One lesion; see `hemorrhage.segmentation.Lesion`."""

    number: int
    name: str
    volume_ml: float
    probabilities: dict[str, float]
    mean_uncertainty: float
    max_uncertainty: float
    extent_mm: tuple[float, float, float]
    centre_ras: tuple[float, float, float]
    nearest_slice: int
    abc2_ml: float


class PlaceRecord(_Record):
    """One place to look at; see `hemorrhage.segmentation.PlaceToLookAt`."""

    rank: int
    score_ml: float
    volume_ml: float
    peak_uncertainty: float
    classes: list[str]
    centre_ras: tuple[float, float, float]
    nearest_slice: int


class UncertaintyPartsRecord(_Record):
    """What slice expansion contributes; the random transforms contribute the rest. See `hemorrhage.uncertainty_parts`."""

    variance_share_of_expansion: float = Field(description="of the variance summed over the CT, in [0, 1]")
    information_share_of_expansion: float = Field(description="of the mutual information summed over the CT, in [0, 1]")


class ResultRecord(_Record):
    """The whole file."""

    format: Literal["hemorrhage-segmentation"] = "hemorrhage-segmentation"
    schema_version: int = SCHEMA_VERSION
    intended_use: str = "Research use only, not for diagnosis."
    interval: str = Field(description="what low_ml and high_ml claim")
    input: InputRecord
    classes: list[str] = Field(description="index = label value")
    volumes: list[VolumeRecord]
    lesions: list[LesionRecord]
    places: list[PlaceRecord]
    uncertainty_parts: UncertaintyPartsRecord | None = Field(None, description="null if the method does not tell them apart")
    warnings: list[str]
    provenance: dict[str, Any]


def record_of(segmentation: Segmentation) -> ResultRecord:
    """Return everything scalar about a result."""
    ct = segmentation.ct
    return ResultRecord(
        interval=segmentation.interval_meaning,
        input=InputRecord(
            source=ct.source,
            shape=ct.shape,
            spacing_mm=ct.spacing,
            affine=ct.affine.tolist(),
            voxel_volume_ml=ct.voxel_volume_ml,
            metadata=json_types(ct.metadata),
        ),
        classes=list(segmentation.classes),
        volumes=[VolumeRecord.model_validate(json_types(asdict(volume))) for volume in segmentation.volumes],
        lesions=[LesionRecord.model_validate(json_types(asdict(lesion))) for lesion in segmentation.lesions],
        places=[PlaceRecord.model_validate(json_types(asdict(place))) for place in segmentation.places],
        uncertainty_parts=_parts_of(segmentation),
        warnings=list(segmentation.warnings),
        provenance=json_types(segmentation.provenance),
    )


def _parts_of(segmentation: Segmentation) -> UncertaintyPartsRecord | None:
    parts = segmentation.parts
    if parts is None:
        return None
    return UncertaintyPartsRecord(
        variance_share_of_expansion=parts.variance_share_of_expansion,
        information_share_of_expansion=parts.information_share_of_expansion,
    )
