"""The slices of one series in anatomical order, each once, none missing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import DicomSeriesError
from .ct_checks import MIN_SLICES
from .dicom_header import DicomHeader
from .dicom_pixels import read_hounsfield
from .dicom_series import DicomSeries

#: Slices closer than this are at the same place, in mm.
_SAME_PLACE_MM = 0.01
#: A step this many times its neighbors' is a place where slices are missing.
_GAP = 1.9
#: Zones of even spacing: steps that differ by less than this share belong together.
_SAME_STEP = 0.05
#: A run of at least this many large steps is a zone scanned with thicker slices, not a gap.
_ZONE = 3


@dataclass(frozen=True, eq=False)
class SliceStack:
    """Slices in growing order along their common normal (right-handed with columns and rows).

    Attributes
    ----------
    headers : tuple of N DicomHeader
    hu : (N, H, W) float32
    positions : (N, 3) float64
        Centers of the first voxels in L, P, S, mm.
    padding : int
        Number of declared padding voxels that were replaced by air.
    warnings : tuple of str
    """

    headers: tuple[DicomHeader, ...]
    hu: NDArray[np.float32]
    positions: NDArray[np.float64]
    padding: int
    warnings: tuple[str, ...]


def stack_slices(series: DicomSeries, where: str) -> SliceStack:
    """Sort, drop identical duplicates, look for missing slices, and load the pixels.

    Raises
    ------
    DicomSeriesError
        Two different slices lie at the same place, slices are missing, or fewer than 3 remain.
    """
    normal = np.cross(*series.first.orientation)
    heights = np.array([normal @ h.position for h in series.headers])
    names = [h.path.name for h in series.headers]
    order = sorted(range(len(heights)), key=lambda i: (heights[i], names[i]))
    kept: list[DicomHeader] = []
    planes: list[NDArray[np.float32]] = []
    padding = dropped = 0
    for index in order:
        header = series.headers[index]
        hu, padded = read_hounsfield(header)
        if kept and heights[index] - float(normal @ kept[-1].position) < _SAME_PLACE_MM:
            if not (np.array_equal(hu, planes[-1]) and np.allclose(header.position, kept[-1].position, atol=_SAME_PLACE_MM)):
                raise DicomSeriesError(
                    f"{where} has two different slices at the same place ({kept[-1].path.name} and {header.path.name}): "
                    "two acquisitions are mixed, give a folder with one of them"
                )
            dropped += 1
            continue
        kept.append(header)
        planes.append(hu)
        padding += padded
    if len(kept) < MIN_SLICES:
        raise DicomSeriesError(
            f"{where} has {len(kept)} different slices: a CT needs at least {MIN_SLICES}, give the whole series"
        )
    positions = np.array([h.position for h in kept])
    steps = np.diff(positions @ normal)
    gaps = find_gaps(steps)
    if gaps:
        texts = [f"{steps[i]:.2f} mm between {kept[i].path.name} and {kept[i + 1].path.name}" for i in gaps[:3]]
        raise DicomSeriesError(
            f"{where} lacks slices: the distance is {'; '.join(texts)}, but {np.median(steps):.2f} mm elsewhere; "
            "export the whole series"
        )
    warnings: tuple[str, ...] = ()
    if dropped:
        warnings += (f"{dropped} duplicate {'slice was' if dropped == 1 else 'slices were'} found and left out.",)
    thickness = [h.number("SliceThickness") or 0.0 for h in kept]
    if min(thickness) > 0 and float(np.median(steps)) > _GAP * float(np.median(thickness)):
        warnings += (
            f"The slices are {np.median(thickness):g} mm thick but {np.median(steps):.2f} mm apart: "
            "what lies between them is interpolated, or slices are missing.",
        )
    return SliceStack(tuple(kept), np.stack(planes), positions, padding, warnings)


def find_gaps(steps: NDArray[np.float64]) -> list[int]:
    """Indices of the steps between slices where slices are missing.

    Steps are joined to runs of equal steps. A run of one or two steps that is 1.9 times as long as the steps on both sides (on
    the one side there is, at an end) is a gap; a longer run is a zone that was scanned with thicker slices, as is usual above
    the posterior fossa.
    """
    starts = [0, *(i for i in range(1, len(steps)) if abs(steps[i] - steps[i - 1]) > _SAME_STEP * max(steps[i], steps[i - 1]))]
    ends = [*starts[1:], len(steps)]
    # A step that occurs once joins two zones (they overlap, or their distance is odd): it says nothing about either's spacing.
    is_junction = [int(np.isclose(steps, steps[start], rtol=_SAME_STEP).sum()) == 1 for start in starts]
    gaps: list[int] = []
    for run, (start, end) in enumerate(zip(starts, ends, strict=True)):
        around = [
            steps[starts[beyond if is_junction[next_to] and 0 <= beyond < len(starts) else next_to]]
            for next_to, beyond in ((run - 1, run - 2), (run + 1, run + 2))
            if 0 <= next_to < len(starts)
        ]
        if around and end - start < _ZONE and steps[start] > _GAP * max(around):
            gaps.extend(range(start, end))
    return gaps
